# What does each policy cost?
# One row per setting of the timed pass's block with the most cells, per allocator in the order of the policies: CPU time per
# record of each phase, all on one scale, and minor faults per record. Behind a time stands its ratio to the allocator's own
# default, where a difference is shown. The floor (an allocator of role floor, and the workload null) has rows and a line.
question = 'What does each policy cost?'
folder = cost eq '' ? run : cost
load plots.'/style.gp'

phases = 'build drop rebuild purge rebuild_after_purge'
priced = cost ne '' && has('build_cpu_ns_per_record')
if (rows > 0 && priced) {
    eval numbers('records cost_rounds build_minor_faults rebuild_minor_faults')
    do for [f in phases] {
        eval numbers(f.'_cpu_ns_per_record '.f.'_of_default '.f.'_of_default_low '.f.'_of_default_high')
        eval texts(f.'_of_default_verdict')
    }
}
# A floor of the block, and the empty workload of the same shape.
main_at = 1
do for [i=1:rows] { if (block[i] eq main_block) { main_at = i } }
is_null(i) = workload[i] eq 'null' && shape[i] eq shape[main_at] && block[i] ne main_block
has_price(i) = known(build_cpu_ns_per_record[i])
shown(i) = has_price(i) && (block[i] eq main_block || is_null(i))
apart(i) = is_null(i) || is_floor(role[i])
n = rows > 0 && priced ? int(sum [i=1:rows] (shown(i) && !apart(i))) : 0
if (n == 0) {
    eval nothing(priced ? 'No cell of the timed pass is ok: there is nothing to draw.' \
        : 'This run has no prices of a timed pass: there is nothing to draw.')
    exit
}

# Headings are allocators here, and the floor; style.gp's are blocks.
group(i) = apart(i) ? 'floor' : allocator[i]
group_place(i) = apart(i) ? 99 : allocator_place(i)
policy_place(i) = apart(i) ? is_null(i) : place_in(policies, policy[i]) > 0 ? place_in(policies, policy[i]) : 9
# The default that the ratios compare to comes before others of its policy.
compared_to(i) = known(build_of_default[i]) && build_of_default_verdict[i] ne ''
above(j, i) = !shown(j) ? 0 : group_place(j) != group_place(i) ? group_place(j) < group_place(i) \
    : policy_place(j) != policy_place(i) ? policy_place(j) < policy_place(i) \
    : compared_to(j) != compared_to(i) ? !compared_to(j) : before(cell[j], cell[i])
first_of_block(i) = shown(i) && 0 == sum [j=1:rows] (group_place(j) == group_place(i) && above(j, i))
heading_height = 12
eval place_rows

others = 0
unpriced = 0
floors_here = 0
few = NaN
many = NaN
do for [i=1:rows] {
    others = others + (block[i] ne main_block && !is_null(i))
    floors_here = floors_here + (shown(i) && apart(i))
    unpriced = unpriced + (block[i] eq main_block && !has_price(i))
    if (shown(i) && !apart(i)) {
        some = i
        few = known(few) ? smaller(few, cost_rounds[i]) : cost_rounds[i]
        many = known(many) ? larger(many, cost_rounds[i]) : cost_rounds[i]
    }
}

# --- what is drawn of a phase: its time, and the interval of its ratio around it ---

take(f) = sprintf("array ns[rows]; array low_ns[rows]; array high_ns[rows]; array ratio[rows]; array verdict[rows]; \
    do for [i=1:rows] { ns[i] = %s_cpu_ns_per_record[i]; ratio[i] = %s_of_default[i]; verdict[i] = %s_of_default_verdict[i]; \
        low_ns[i] = ratio[i] > 0 ? ns[i] * %s_of_default_low[i] / ratio[i] : NaN; \
        high_ns[i] = ratio[i] > 0 ? ns[i] * %s_of_default_high[i] / ratio[i] : NaN }", f, f, f, f, f)
differs(verdict) = verdict eq 'more' || verdict eq 'less'
# Three digits at least.
figure(x) = x >= 99.5 ? sprintf('%.0f', x) : x >= 9.95 ? sprintf('%.1f', x) : x > 0 ? sprintf('%.2f', x) : '0'
words_behind(i) = figure(ns[i]).(differs(verdict[i]) ? sprintf('  %.2f×', ratio[i]) : '')
heading(f) = f eq 'rebuild_after_purge' ? 'rebuild after purge' : f
# Columns are as wide as their longest bar, so that all have one scale, and the longest words.
array most[words(phases)]
array words_width[words(phases)]
total = 0
do for [c=1:words(phases)] {
    eval take(word(phases, c))
    most[c] = 0
    words_width[c] = 64
    do for [i=1:rows] {
        if (shown(i) && known(ns[i])) {
            most[c] = larger(larger(most[c], ns[i]), high_ns[i])
            words_width[c] = larger(words_width[c], 22 + 7.2 * strlen(words_behind(i)))
        }
    }
    total = total + most[c]
}
per_1000(faults, i) = 1000 * faults / records[i]
most_faults = 0
do for [i=1:rows] {
    if (shown(i)) {
        most_faults = larger(larger(most_faults, per_1000(build_minor_faults[i], i)), per_1000(rebuild_minor_faults[i], i))
    }
}

# --- the page: one plot whose axes count pixels ---

shown_name(i) = is_null(i) ? 'workload null' : apart(i) ? allocator[i].'/'.setting[i] : setting[i]
longest = 0
longest_group = 0
do for [i=1:rows] {
    if (shown(i)) {
        longest = larger(longest, strlen(shown_name(i)))
        longest_group = larger(longest_group, strlen(group(i)))
    }
}
names_at = 36 + 8.5 * larger(8, longest_group)
bars_at = names_at + 7.6 * larger(14, longest) + 74
faults_width = 50.0
faults_gap = 52
bars_width = 480.0
first_top = 112
bottom = first_top + rows_height
scale = bars_width / larger(total, 1e-9)
row_y(i) = first_top + y[i]
column_width(c) = larger(scale * most[c] + words_width[c], 16 + 7.2 * strlen(heading(word(phases, c))))
columns_width = sum [c=1:words(phases)] column_width(c)
rounds_text = known(few) ? ', '.(few == many ? count(few, 'round', 'rounds') : sprintf('%d to %d rounds', few, many)) : ''
subtitle = sprintf('CPU time (user + system) in ns per record, on one scale, and minor faults per 1000 records. %s%s.', block_title(some), rounds_text)
second_line = 'Line: interval of the ratio to the own default. The ratio itself stands where a difference is shown, else the figure is grey.'
footnote = not_drawn.(unpriced == 0 ? '' : count(unpriced, 'cell', 'cells').' without a price not drawn. ') \
    .(others == 0 ? '' : count(others, 'cell', 'cells').' of other workloads and shapes not drawn. ') \
    .(floors_here == 0 ? '' : 'Dashed: the floor, what the harness itself takes; dotted: its generator alone, where that is wide enough to be seen. Neither is subtracted.')
eval canvas(bars_at + columns_width + 2 * (faults_width + faults_gap) + 12, bottom + 60)
set label second_line at screen px(20), py(72) textcolor rgb grey
eval area(0, W, 0, H)
set xrange [0:W]
set yrange [H:0]
unset xtics
unset ytics

ink(i) = apart(i) ? 0x888888 : policy_colour(policy[i])
do for [i=1:rows] {
    if (shown(i)) {
        if (first[i]) {
            set label group(i) at first 20, row_y(i) font bold \
                textcolor rgb (apart(i) ? 0x444444 : colour(allocator_place(i)))
            set arrow from first 20, row_y(i) - 15 to first W - 20, row_y(i) - 15 nohead lc rgb '#DDDDDD' lw 0.5
        }
        set label shown_name(i) at first names_at, row_y(i)
        if (!apart(i)) { set label policy[i] at first bars_at - 12, row_y(i) right textcolor rgb ink(i) }
    }
}

column_at = bars_at
do for [c=1:words(phases)] {
    eval take(word(phases, c))
    set label heading(word(phases, c)) at first column_at, first_top - 8 textcolor rgb grey
    set arrow from first column_at, first_top + 6 to first column_at, bottom nohead lc rgb pale lw 0.5
    do for [i=1:rows] {
        if (shown(i) && known(ns[i])) {
            end = column_at + scale * ns[i]
            if (apart(i) && scale * ns[i] >= 2) {
                set arrow from first end, first_top + 6 to first end, row_y(i) nohead dt 2 + is_null(i) lc rgb grey lw 0.8
            }
            set object rectangle from first column_at, row_y(i) - 5 to first end, row_y(i) + 5 fc rgb lighter(ink(i), 0.55) fs solid noborder
            if (known(low_ns[i]) && known(high_ns[i])) {
                set arrow from first column_at + scale * low_ns[i], row_y(i) to first column_at + scale * high_ns[i], row_y(i) \
                    nohead lc rgb '#000000' lw 1.2
                end = larger(end, column_at + scale * high_ns[i])
            }
            set label words_behind(i) at first end + 5, row_y(i) \
                textcolor rgb (differs(verdict[i]) || verdict[i] eq '' ? '#000000' : grey)
        }
    }
    column_at = column_at + column_width(c)
}
do for [f in 'build rebuild'] {
    eval 'faults_of(i) = per_1000('.f.'_minor_faults[i], i)'
    set label 'faults, '.f at first column_at, first_top - 8 textcolor rgb grey
    set arrow from first column_at, first_top + 6 to first column_at, bottom nohead lc rgb pale lw 0.5
    do for [i=1:rows] {
        if (shown(i) && known(faults_of(i))) {
            end = column_at + (most_faults > 0 ? faults_width * faults_of(i) / most_faults : 0)
            set object rectangle from first column_at, row_y(i) - 5 to first end, row_y(i) + 5 fc rgb '#BBBBBB' fs solid noborder
            set label sprintf('%.3g', faults_of(i)) at first end + 5, row_y(i)
        }
    }
    column_at = column_at + faults_width + faults_gap
}
# Everything is labels, arrows and rectangles, so that a folder with few numbers draws too; the curve is outside the axes.
plot -1e6
