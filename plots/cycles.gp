# Does what is held between two jobs creep up, and what does it cost to hold it?
# A panel per allocator, a line per setting, coloured by its policy: what is held over the baseline at the end of each cycle's
# idle time. The dashed line is what lives then: all above it is unused.
question = 'Does what is held between two jobs creep up, and what does it cost to hold it?'
load plots.'/style.gp'

if (cycles eq '') {
    eval nothing('No walk of this run has four cycles with a waiting phase: there is nothing to draw.')
    exit
}

if (rows == 0) {
    eval nothing('No ok cell of this run has walked four cycles: there is nothing to draw.')
    exit
}

# --- columns of cycles_summary.csv and cycles.csv, at the place of their cell ---

row_of(name) = sum [i=1:rows] (cell[i] eq name ? i : 0)
cycle_array(c) = sprintf("array %s[rows]; do for [k=1:rows] { %s[k] = NaN }; \
    stats cycles using (k = row_of(strcol('cell')), k > 0 ? (%s[k] = number('%s'), 0) : 0) nooutput; ", c, c, c, c)
cycle_arrays(list) = list eq '' ? '' : cycle_array(word(list, 1)).cycle_arrays(tail(list))
array slope[rows]; array creep[rows]; array repeat_of[rows]; array live_at_most[rows]
do for [i=1:rows] { creep[i] = ''; repeat_of[i] = ''; live_at_most[i] = 0 }
table = run.'/cycles.csv'
top = 0; last_cycle = 0
eval csv_on
eval cycle_arrays('held_unused_bytes of_live gb_hours_per_day share_of_40_gb slope_bytes_per_cycle peak_live_bytes')
stats cycles using (k = row_of(strcol('cell')), k > 0 ? (creep[k] = strcol('verdict'), 0) : 0) nooutput
# Of several runs the first one is drawn.
stats table using (k = row_of(strcol('cell')), \
    k > 0 && strcol('status') eq 'ok' && repeat_of[k] eq '' ? (repeat_of[k] = strcol('repeat'), 0) : 0) nooutput
here(k) = row_of(strcol('cell')) == k && strcol('repeat') eq repeat_of[k] && strcol('idle_held_bytes') ne ''
drawn(i) = creep[i] ne '' && known(held_unused_bytes[i]) && repeat_of[i] ne ''
stats table using (k = row_of(strcol('cell')), k > 0 && drawn(k) && here(k) ? (last_cycle = larger(last_cycle, column('cycle')), 0) : 0) nooutput
eval csv_off

# A panel is an allocator in a block; blocks by their size.
panels = ''
cells = 0
several_runs = 0
do for [i=1:rows] {
    if (drawn(i)) { cells = cells + 1; several_runs = larger(several_runs, runs_ok[i]) }
}
if (cells == 0) {
    eval nothing('No ok cell of this run has walked four cycles: there is nothing to draw.')
    exit
}
leads(i) = drawn(i) && 0 == sum [j=1:i-1] (drawn(j) && block[j] eq block[i] && allocator[j] eq allocator[i])
panel_above(j, i) = block[j] ne block[i] ? block_above(j, i) : before(allocator[j], allocator[i])
array panel_of[rows]
count_panels = int(sum [i=1:rows] leads(i))
array lead[count_panels]
do for [i=1:rows] {
    if (leads(i)) { lead[1 + int(sum [j=1:rows] (leads(j) && panel_above(j, i)))] = i }
}
mine(i, p) = drawn(i) && block[i] eq block[lead[p]] && allocator[i] eq allocator[lead[p]]
most = 0
do for [p=1:count_panels] { most = larger(most, sum [i=1:rows] mine(i, p)) }

# --- the page ---

label_height = 17
panel_height = larger(110, label_height * (most + 1))
first_top = 140
gap = 40
block_gap = 34
begins(p) = p == 1 || block[lead[p]] ne block[lead[p > 1 ? p - 1 : 1]]
panel_top(p) = first_top + (panel_height + gap) * (p - 1) + block_gap * (sum [q=1:p] (begins(q) && q > 1))
left = 72
right = 520
name_x = 562
unused_x = 780
live_x = 850
cost_x = 930
verdict_x = 950
subtitle = 'Held bytes (RSS less lazy) over the baseline at the end of each cycle’s idle time. Unused: held, and nothing lives there.'
footnote = not_drawn.'GB·h a day: unused × 24 h, for two jobs a day are minutes. Unused: mean of the last half of the cycles.' \
    .(several_runs > 1 ? ' Of several runs the first is drawn; words are over all.' : '')
eval canvas(1100, panel_top(count_panels) + panel_height + 60)

set label 'policy:' at screen px(left), py(82) textcolor rgb grey
do for [k=1:words(policies)] {
    set label word(policies, k) at screen px(60 + 70 * k), py(82) textcolor rgb policy_colour(word(policies, k))
}
set arrow from screen px(492), py(82) to screen px(522), py(82) nohead dt 2 lw 1.8 lc rgb '#000000'
set label 'alive: what has survived the cycles so far' at screen px(530), py(82) textcolor rgb grey

set multiplot
set xrange [0.5:last_cycle + 0.5]
set tics textcolor rgb grey
set grid ytics lc rgb '#DDDDDD' lw 0.5
hue(k) = policy_colour(policy[order_of[k]])
glyph(k) = int(word('7 5 9 13 11 15 6 4 8 12 10 14', (k - 1) % 12 + 1))
do for [p=1:count_panels] {
    # One scale a block.
    top = 0
    eval csv_on
    stats table using (k = row_of(strcol('cell')), k > 0 && drawn(k) && block[k] eq block[lead[p]] && here(k) \
        ? (top = larger(top, over(column('idle_held_bytes'), k)), 0) : 0) nooutput
    eval csv_off
    unit = top >= 2e9 ? 1e9 : top >= 2e6 ? 1e6 : 1e3
    scale = 1.08 * top / unit
    set yrange [0:scale]
    decade = 10 ** floor(log10(scale / 4))
    step = decade * (scale < 6 * decade ? 1 : scale < 14 * decade ? 2 : scale < 30 * decade ? 5 : 10)
    set ytics step
    set ytics format unit == 1e9 ? '%g GB' : unit == 1e6 ? '%g MB' : '%g kB'
    set xtics 1 format '%g'
    if (last_cycle > 16) { set xtics autofreq }
    at_top = panel_top(p)
    eval area(left, right, at_top, at_top + panel_height)
    if (begins(p)) {
        peak_live = 0
        do for [i=1:rows] { if (mine(i, p)) { peak_live = larger(peak_live, peak_live_bytes[i]) } }
        set label sprintf('%s, %s: %s live at the most', workload[lead[p]], shape[lead[p]], amount(peak_live)) \
            at screen px(20), py(at_top - 30) font ',13'
        set label 'unused' at screen px(unused_x), py(at_top - 12) right textcolor rgb grey
        set label 'of live' at screen px(live_x), py(at_top - 12) right textcolor rgb grey
        set label 'GB·h a day' at screen px(cost_x), py(at_top - 12) right textcolor rgb grey
        set label 'cycle by cycle' at screen px(verdict_x), py(at_top - 12) textcolor rgb grey
    }
    set label allocator[lead[p]] at screen px(left), py(at_top - 10) font ',14'
    ahead(j, i) = mine(j, p) && (held_unused_bytes[j] != held_unused_bytes[i] ? held_unused_bytes[j] > held_unused_bytes[i] \
        : before(setting[j], setting[i]))
    n = int(sum [i=1:rows] mine(i, p))
    array order_of[n]
    do for [i=1:rows] { if (mine(i, p)) { order_of[1 + int(sum [j=1:rows] ahead(j, i))] = i } }
    do for [k=1:n] {
        i = order_of[k]
        y = at_top + label_height * (k - 0.5)
        set label '' at screen px(name_x - 14), py(y) point pt glyph(k) ps 0.9 lc rgb hue(k)
        set label setting[i] at screen px(name_x), py(y) textcolor rgb hue(k)
        set label amount(held_unused_bytes[i]) at screen px(unused_x), py(y) right textcolor rgb hue(k)
        set label sprintf('%.0f %%', 100 * of_live[i]) at screen px(live_x), py(y) right textcolor rgb hue(k)
        set label sprintf(gb_hours_per_day[i] < 9.95 ? '%.2g' : '%.0f', gb_hours_per_day[i]) at screen px(cost_x), py(y) right textcolor rgb hue(k)
        set label creep[i] at screen px(verdict_x), py(y) textcolor rgb hue(k)
    }
    eval csv_on
    plot for [k=1:n] table using (here(order_of[k]) ? column('cycle') : NaN):(over(column('idle_held_bytes'), order_of[k]) / unit) \
            with linespoints pt glyph(k) ps 0.7 lw 1.5 lc rgb hue(k), \
        table using (here(lead[p]) ? column('cycle') : NaN):(column('live_bytes') / unit) with lines dt 2 lw 1.8 lc rgb '#000000'
    eval csv_off
    unset label
    unset arrow
}
unset multiplot
