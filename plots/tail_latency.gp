# Who pays: how long do one insert, one delete and one small request take, up to the longest?
# One row per ok cell, the longest stall first: nested bars from p50 to p99, p99.9 and p99.99, a line to the longest.
question = 'Who pays: how long do one insert, one delete and one small request take, up to the longest?'
load plots.'/style.gp'

if (latency eq '' || rows == 0) {
    eval nothing('No operation of this run was timed (its plan has no latency = yes): there is nothing to draw.')
    exit
}

# Columns of latency_summary.csv, cell by cell and phase by phase: slot(cell, phase) is the place in each array.
phases = 'build drop ticking rebuild redrop'
BUILD = 1; DROP = 2; TICKING = 3; REBUILD = 4; REDROP = 5
row_of(name) = sum [i=1:rows] (cell[i] eq name ? i : 0)
slot(i, phase) = i > 0 && phase > 0 ? i + rows * (phase - 1) : 0
slots = 5 * rows
here = 'slot(row_of(strcol("cell")), place_in(phases, strcol("phase")))'
latency_array(c) = sprintf("array %s[slots]; do for [k=1:slots] { %s[k] = NaN }; \
    stats latency using (k = %s, k > 0 ? (%s[k] = number('%s'), 0) : 0) nooutput; ", c, c, here, c, c)
latency_arrays(list) = list eq '' ? '' : latency_array(word(list, 1)).latency_arrays(tail(list))
eval csv_on.latency_arrays('p50_ns p99_ns p999_ns p9999_ns max_ns max_ns_min max_ns_max max_at_ns max_wait_ns values').csv_off
array longest_in[rows]
array is_floor[rows]
do for [i=1:rows] { longest_in[i] = 0; is_floor[i] = 0 }
eval csv_on
stats latency using (i = row_of(strcol('cell')), i == 0 ? 0 : (is_floor[i] = strcol('floor') eq 'yes', \
    longest_in[i] = strcol('has_longest') eq 'yes' ? place_in(phases, strcol('phase')) : longest_in[i], 0)) nooutput
eval csv_off

shown(i) = longest_in[i] > 0
longest(i) = max_ns[slot(i, longest_in[i])]
sort_key(i) = shown(i) ? -longest(i) : 0
cells = int(sum [i=1:rows] shown(i))
if (cells == 0) {
    eval nothing('No ok cell of this run has a timed operation: there is nothing to draw.')
    exit
}
row_height = 50
eval place_rows

# Rounded to three digits, µ for people.
time_words(ns) = ns < 999.5 ? sprintf('%.0f ns', ns) : ns < 999.5e3 ? sprintf('%.3g µs', ns / 1e3) \
    : ns < 999.5e6 ? sprintf('%.3g ms', ns / 1e6) : sprintf('%.3g s', ns / 1e9)
low = 1e12
high = 1
floor_ns = NaN
repeats = 0
do for [i=1:rows] {
    if (shown(i)) {
        do for [phase=1:5] {
            low = smaller(low, p50_ns[slot(i, phase)])
            high = larger(high, max_ns_max[slot(i, phase)])
            if (is_floor[i]) { floor_ns = known(floor_ns) ? larger(floor_ns, max_ns_max[slot(i, phase)]) : max_ns_max[slot(i, phase)] }
        }
        repeats = larger(repeats, runs_ok[i])
    }
}
low = 10 ** floor(log10(low))
high = 10 ** ceil(log10(1.2 * high))

subtitle = 'A tick is one small request: a map of 100 records built and dropped. An insert that doubles the table pays for it. ' \
    .(repeats > 1 ? sprintf('Medians over %d runs; right: the longest stall, and its range.', repeats) \
                  : 'One run per cell: a longest stall is one event. Right: the longest stall.')
footnote = not_drawn.(known(floor_ns) ? 'Dashed: the worst stall of all runs without an allocator, a lower bound of the machine''s, for those phases are shorter. ' : '') \
    .'Grey words: the longest of the runs waited for a CPU at least half that long in its phase.'
first_top = 180
eval canvas(1240, first_top + rows_height + 72)
left = 286
right = 880
eval area(left, right, first_top, first_top + rows_height)
set logscale x 10
set xrange [low:high]
set yrange [rows_height:0]
unset ytics
set xtics () format ''
set grid xtics back lc rgb '#CCCCCC' lw 0.8
decade = low
while (decade <= 1.01 * high) {
    set xtics add ('' decade)
    set label time_words(decade) at first decade, screen py(first_top - 14) center textcolor rgb grey
    set label time_words(decade) at first decade, screen py(first_top + rows_height + 14) center textcolor rgb grey
    decade = decade * 10
}

# An operation's line: its name, phase, phase of the second cycle (0: none), colour and place in the row.
operations = 'insert delete tick'
first_phase(o) = o
second_phase(o) = o == 3 ? 0 : o + 3
hue(o) = int(word('0x0072B2 0xD55E00 0x009E73', o))
line_y(o) = 14 * (o - 2)

# The key is such a line, with its own words.
key_y = 96
half(k) = real(word('4.2 2.9 1.6', k))
part(k) = real(word('0.87 0.59 0.5', k))
array key_at[5]
do for [k=1:5] { key_at[k] = left + word('0 110 200 290 410', k) }
do for [k=1:3] {
    set object rectangle from screen px(key_at[k]), py(key_y - half(k)) to screen px(key_at[k + 1]), py(key_y + half(k)) \
        fc rgb lighter(0x222222, part(k)) fs solid noborder
}
set arrow from screen px(key_at[1]), py(key_y) to screen px(key_at[5]), py(key_y) nohead lc rgb '#333333' lw 1
set label '' at screen px(key_at[5]), py(key_y) point pt 7 ps 0.8 lc rgb '#333333'
set label '' at screen px(left + 480), py(key_y) point pt 6 ps 0.9 lw 1.3 lc rgb '#333333'
do for [k=1:4] { set label word('p50 p99 p99.9 p99.99', k) at screen px(key_at[k]), py(key_y + 18) center font ',11' textcolor rgb grey }
set label 'longest' at screen px(key_at[5]), py(key_y + 18) center font ',11' textcolor rgb grey
set label 'longest of the second cycle' at screen px(left + 490), py(key_y) font ',11' textcolor rgb grey
set label 'of 10 000 one takes longer than p99.99' at screen px(left + 490), py(key_y + 18) font ',11' textcolor rgb grey
set label 'longest stall' at screen px(right + 44), py(first_top - 14) textcolor rgb grey

if (known(floor_ns)) {
    set arrow from first floor_ns, graph 0 to first floor_ns, graph 1 nohead dt 2 lc rgb grey lw 1.2
    set label 'the machine''s worst: '.time_words(floor_ns) at first floor_ns, screen py(first_top - 34) center font ',11' textcolor rgb grey
}

waited(k) = known(max_wait_ns[k]) && max_wait_ns[k] >= 0.5 * max_ns_max[k]
operation_of(phase) = word('insert delete tick insert delete', phase)
# When it began is known of the longest of all the runs, not of their median.
range_words(k) = values[k] > 1 ? sprintf('%s to %s, the latter ', time_words(max_ns_min[k]), time_words(max_ns_max[k])) : ''
bar(i, o, k, from, to) = sprintf('set object rectangle from first %.9g, %.9g to first %.9g, %.9g fc rgb %d fs solid noborder; ', \
    from, y[i] + line_y(o) - half(k), to, y[i] + line_y(o) + half(k), lighter(hue(o), part(k)))
do for [i=1:rows] {
    if (first[i]) {
        set label block_title(i) at screen px(20), first y[i] - 0.5 * (row_height + heading_height) + 6 font ',13'
    }
    if (shown(i)) {
        set label allocator[i].'/'.setting[i] at screen px(left - 66), first y[i] right
        set label policy[i] at screen px(left - 66), first y[i] + 15 right font ',10' textcolor rgb grey
        k = slot(i, longest_in[i])
        set label sprintf('%s, %s in %s', time_words(max_ns[k]), operation_of(longest_in[i]), word(phases, longest_in[i])) \
            at screen px(right + 44), first y[i] - 7 textcolor rgb (waited(k) ? '#888888' : '#000000')
        set label sprintf('%s%s into it', range_words(k), time_words(max_at_ns[k])) \
            at screen px(right + 44), first y[i] + 9 font ',10' textcolor rgb grey
        do for [o=1:3] {
            k = slot(i, first_phase(o))
            if (known(max_ns[k])) {
                set label word(operations, o) at screen px(left - 10), first y[i] + line_y(o) right font ',10' textcolor rgb hue(o)
                from = known(p50_ns[k]) ? p50_ns[k] : max_ns[k]
                set arrow from first from, y[i] + line_y(o) to first max_ns[k], y[i] + line_y(o) nohead lc rgb hue(o) lw 1
                if (known(p99_ns[k])) { eval bar(i, o, 1, from, p99_ns[k]) }
                if (known(p999_ns[k])) { eval bar(i, o, 2, p99_ns[k], p999_ns[k]) }
                if (known(p9999_ns[k])) { eval bar(i, o, 3, p999_ns[k], p9999_ns[k]) }
                if (known(p50_ns[k]) && !known(p99_ns[k])) { eval bar(i, o, 1, from, from * 10 ** (2.0 / (right - left) * log10(high / low))) }
                set label '' at first max_ns[k], y[i] + line_y(o) point pt 7 ps 0.8 lc rgb hue(o)
            }
            k2 = slot(i, second_phase(o))
            if (k2 > 0 && known(max_ns[k2 > 0 ? k2 : 1])) {
                set label '' at first max_ns[k2], y[i] + line_y(o) point pt 6 ps 0.9 lw 1.3 lc rgb hue(o)
            }
        }
        set arrow from screen px(20), first y[i] + 0.5 * row_height to screen px(W - 20), first y[i] + 0.5 * row_height nohead back lc rgb '#EEEEEE' lw 0.6
    }
}
# Everything is labels, bars and arrows; the curve is outside the axes.
plot 1e30
