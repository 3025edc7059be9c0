# What does giving memory back cost the next build?
# One panel per allocator, one point per setting, the other allocators grey; of the block with the most cells. The price is
# the rebuild of the memory pass, mostly a single run: where the timed pass has prices, pareto answers better, and this is
# not drawn.
question = 'What does giving memory back cost the next build?'
load plots.'/style.gp'

if (rows > 0) { eval numbers('peak_rss_bytes silent_held_bytes rebuild_user_ns rebuild_sys_ns') }
cpu_ns(i) = rebuild_user_ns[i] + rebuild_sys_ns[i]
drawn(i) = block[i] eq main_block && known(silent_held_bytes[i]) && cpu_ns(i) > 0 && over(peak_rss_bytes[i], i) > 0

# The setting the others are compared to is the plan's: baseline=glibc/default.
baseline = ''
set datafile separator '='
stats run.'/plan.ini' using (word(strcol(1), 1) eq 'baseline' ? (baseline = word(strcol(2), 1), 0) : 0) nooutput
set datafile separator whitespace

if (rows > 0 && has('cycle_of_baseline')) {
    eval numbers('cycle_of_baseline')
    if (0 < sum [i=1:rows] (drawn(i) && known(cycle_of_baseline[i]))) {
        eval nothing('The timed pass has better prices, and pareto draws them.')
        exit
    }
}
panels = ''
cells = 0
others = 0
base_ns = NaN
once = 0
do for [i=1:rows] {
    others = others + (block[i] ne main_block)
    if (drawn(i)) {
        panels = put(panels, allocator[i])
        cells = cells + 1
        some = i
        once = once + (runs_ok[i] == 1)
        if (allocator[i].'/'.setting[i] eq baseline) { base_ns = cpu_ns(i) }
    }
}
if (cells == 0) {
    eval nothing('This run has no cell with status ok, a silent window and a rebuild: there is nothing to draw.')
    exit
}

# Without the baseline's cell the cost is a time.
relative = known(base_ns)
most_ns = 0
do for [i=1:rows] { if (drawn(i)) { most_ns = larger(most_ns, cpu_ns(i)) } }
unit = most_ns < 1e9 ? 'ms' : 's'
cost(i) = cpu_ns(i) / (relative ? base_ns : unit eq 'ms' ? 1e6 : 1e9)
kept(i) = 100 * over(silent_held_bytes[i], i) / over(peak_rss_bytes[i], i)
cost_label(i) = relative ? sprintf('%.2f×', cost(i)) : sprintf('%.3g ', cost(i)).unit
low = relative ? 1 : cost(some)
high = low
do for [i=1:rows] {
    if (drawn(i)) {
        low = smaller(low, cost(i))
        high = larger(high, cost(i))
    }
}
pad = 0.07 * (high - low) + 0.05 * high

subtitle = sprintf('%s: held after silence, in percent of the peak, and the CPU time of the rebuild%s.', block_title(some), \
    relative ? ' against '.baseline : '')
footnote = (relative ? '' : 'No cell of the baseline, '.baseline.', to compare with: the CPU time itself is drawn. ') \
    .not_drawn.(others == 0 ? '' : count(others, 'cell', 'cells').' of other workloads and shapes not drawn here. ') \
    .(once == cells ? 'One run per cell: small differences in CPU time say nothing.' : '')
columns = words(panels) > 1 ? 2 : 1
most = 1
do for [p in panels] { most = larger(most, sum [i=1:rows] (drawn(i) && allocator[i] eq p)) }
label_height = 16
panel_height = larger(220, label_height * (most + 2))
pitch = panel_height + 66
first_top = 106
eval canvas(1000, first_top + pitch * ((words(panels) + columns - 1) / columns) + 24)

# Two to six tics, at round numbers.
tic_step(span) = (p = 10.0 ** floor(log10(span)), span >= 5 * p ? 2 * p : span >= 2.5 * p ? p : span >= 1.5 * p ? p / 2 : p / 4)
set multiplot
set xrange [low - pad:high + pad]
set yrange [-14:114]
set tics textcolor rgb grey
set xtics tic_step(high - low + 2 * pad) * (!relative && unit eq 'ms' ? 2 : 1) format (relative ? '%g×' : '%g '.unit)
set ytics 0, 25, 100 format '%g %%'
set grid lc rgb '#DDDDDD' lw 0.5
label_gap = label_height * 128.0 / panel_height
label_bottom = 0
# The length in pixels of the line from a point to label k.
leader(i, k) = sqrt((258 * (high + pad - cost(i)) / (high - low + 2 * pad) + 14) ** 2 \
    + (panel_height * (kept(i) - label_y[k]) / 128.0) ** 2)
do for [panel=1:words(panels)] {
    left = 72 + 490 * ((panel - 1) % columns)
    right = left + 258
    panel_top = first_top + pitch * ((panel - 1) / columns)
    eval area(left, right, panel_top, panel_top + panel_height)
    mine(i) = drawn(i) && allocator[i] eq word(panels, panel)
    ahead(j, i) = mine(j) && (kept(j) != kept(i) ? kept(j) > kept(i) : cost(j) != cost(i) ? cost(j) > cost(i) \
        : before(setting[j], setting[i]))
    n = int(sum [i=1:rows] mine(i))
    array order_of[n]; array label_y[n]
    do for [i=1:rows] { if (mine(i)) { order_of[1 + sum [j=1:rows] ahead(j, i)] = i } }
    do for [k=1:n] { label_y[k] = kept(order_of[k]) }
    eval spread_labels
    # Neighbours change labels where that makes the lines to them shorter: then lines do not cross.
    do for [pass=1:n] {
        do for [k=1:n-1] {
            a = order_of[k]; b = order_of[k+1]
            if (leader(a, k) + leader(b, k + 1) > leader(b, k) + leader(a, k + 1) + 0.01) { order_of[k] = b; order_of[k+1] = a }
        }
    }

    hue = colour(place_in(allocators, word(panels, panel)))
    shape = shape_full(place_in(allocators, word(panels, panel)))
    set label word(panels, panel) at screen px(left), py(panel_top - 14) font ',14' textcolor rgb hue
    do for [k=1:n] {
        i = order_of[k]
        set arrow from first cost(i), kept(i) to screen px(right + 14), first label_y[k] nohead lc rgb pale lw 0.7
        set label sprintf('%s  %s', setting[i], cost_label(i)) at screen px(right + 18), first label_y[k]
    }
    if (relative) { set arrow from first 1, -5 to first 1, 105 nohead dt 2 lc rgb grey lw 0.8 }
    set label 'gives back, cheap' at graph 0.02, graph 0.045 font ',10' textcolor rgb grey
    set label 'gives back, dear' at graph 0.98, graph 0.045 right font ',10' textcolor rgb grey
    set label 'keeps, cheap' at graph 0.02, graph 0.955 font ',10' textcolor rgb grey
    set label 'keeps, dear' at graph 0.98, graph 0.955 right font ',10' textcolor rgb grey
    # What is not to be drawn lies outside the axes.
    plot cell using (drawn($1) && !mine($1) ? cost($1) : -1):(drawn($1) ? kept($1) : 0) with points pt 7 ps 0.6 lc rgb pale, \
        cell using (mine($1) ? cost($1) : -1):(drawn($1) ? kept($1) : 0) with points pt shape ps 1.3 lc rgb hue
    unset label
    unset arrow
}
unset multiplot
