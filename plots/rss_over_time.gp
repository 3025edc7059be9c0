# What stays resident after the drop, and for how long?
# One panel per allocator, one line per setting, coloured by its policy: of the block with the most cells.
question = 'What stays resident after the drop, and for how long?'
load plots.'/style.gp'

drawn(i) = block[i] eq main_block && known(peak_rss_bytes[i]) && samples_file[i] ne ''
panels = ''
cells = 0
if (rows > 0) {
    eval texts('samples_file')
    eval numbers('window_ms ticking_ms ticking_ns peak_rss_bytes rebuild_peak_rss_bytes silent_rss_bytes \
drop_lazy_bytes silent_lazy_bytes ticking_lazy_bytes')
    do for [i=1:rows] { if (drawn(i)) { panels = put(panels, allocator[i]); some = i; cells = cells + 1 } }
}
if (cells == 0) {
    eval sentence('This run has no cell with status ok: there is nothing to draw.')
    exit
}

# --- what all panels share ---

or_zero(x) = known(x) ? x : 0
any_lazy(i) = or_zero(drop_lazy_bytes[i]) + or_zero(silent_lazy_bytes[i]) + or_zero(ticking_lazy_bytes[i]) > 0
most = 0; top = 0; begin_ms = 0; end_ms = 0; window = 0; ticking = 0; lazy_cells = 0; longest_ticking = 0
eval csv_on
do for [i=1:rows] {
    if (drawn(i)) {
        top = larger(larger(top, over(peak_rss_bytes[i], i)), over(rebuild_peak_rss_bytes[i], i))
        window = larger(window, window_ms[i])
        ticking = larger(ticking, ticking_ms[i])
        longest_ticking = larger(longest_ticking, ticking_ns[i] / 1e6)
        lazy_cells = lazy_cells + any_lazy(i)
        most = larger(most, sum [j=1:rows] (drawn(j) && allocator[j] eq allocator[i]))
        stats run.'/'.samples_file[i] using (strcol('phase') eq 'baseline' || strcol('phase') eq 'end' ? NaN : column('time_ms')) nooutput
        begin_ms = smaller(begin_ms, STATS_min)
        end_ms = larger(end_ms, STATS_max)
    }
}
unit = top >= 2e9 ? 1e9 : top >= 2e6 ? 1e6 : 1e3
scale = 1.06 * top / unit
label_height = 16
panel_height = larger(130, label_height * (most + 1))
pitch = panel_height + 38
first_top = 142

others = rows - cells
subtitle = block_title(some).'. Time is the process’s own, 0 at the end of the drop.'
footnote = not_drawn.(others == 0 ? '' : count(others, 'cell', 'cells').' of other workloads and shapes not drawn here.') \
    .(longest_ticking > 1.1 * ticking ? ' The ticking of some lasts up to '.duration(longest_ticking).': longer than its band.' : '')
eval canvas(1000, first_top + pitch * words(panels) + 40)

# --- the key: a policy is a colour; and the two marks; the phases over their bands; the columns at the right ---

set label 'policy:' at screen px(72), py(80) textcolor rgb grey
do for [k=1:words(policies)] {
    set label word(policies, k) at screen px(60 + 70 * k), py(80) textcolor rgb policy_colour(word(policies, k))
}
set label '' at screen px(492), py(80) point pt 13 ps 0.9 lc rgb '#222222'
set label 'the purge begins' at screen px(502), py(80) textcolor rgb grey
if (lazy_cells > 0) {
    set label '' at screen px(642), py(80) point pt 6 ps 0.8 lc rgb '#222222'
    set label 'held (RSS without lazy)' at screen px(652), py(80) textcolor rgb grey
    set label 'lazy' at screen px(984), py(first_top - 10) right textcolor rgb grey
}
if (window > 0) {
    set label 'after '.duration(window).' of silence' at screen px(984), py(first_top - 28) right textcolor rgb grey
    set label 'RSS' at screen px(906), py(first_top - 10) right textcolor rgb grey
    set label 'silent' at first window / 2e3, screen py(first_top - 10) center font ',10' textcolor rgb grey
}
if (ticking > 0) {
    set label 'ticking' at first (window + ticking / 2) / 1e3, screen py(first_top - 10) center font ',10' textcolor rgb grey
}
set label "build,\nhold, drop" at screen px(72), py(first_top - 23) font ',10' textcolor rgb grey
set label "rebuild,\nredrop, purge" at screen px(700), py(first_top - 23) right font ',10' textcolor rgb grey

# --- the panels ---

set multiplot
set xrange [begin_ms / 1e3:end_ms / 1e3 + 0.01 * (end_ms - begin_ms) / 1e3]
set yrange [0:scale]
set tics textcolor rgb grey
set xtics offset 0, 0.4 format '%g s'
set grid ytics lc rgb '#DDDDDD' lw 0.5
set ytics format unit == 1e9 ? '%g GB' : unit == 1e6 ? '%g MB' : '%g kB'
label_gap = label_height * scale / panel_height
label_bottom = 0.5 * label_gap

# What a sample shows. Lines go by steps, so a point that differs little from the last one drawn can be left out.
seconds(k) = column('time_ms') / 1e3
rss(k) = column('rss_bytes') - baseline_rss_bytes[order_of[k]]
last = -1e9; phase_was = ''
thin(bytes, phase) = abs(bytes - last) > 0.004 * top || phase ne phase_was ? (last = bytes, phase_was = phase, bytes) : NaN
held(k) = any_lazy(order_of[k]) && strcol('phase') ne 'end' && column('time_ms') >= 0 && strcol('lazy_bytes') ne '' \
    ? rss(k) - column('lazy_bytes') : -top
entering(phase) = (was = phase_was, phase_was = phase, phase eq 'purge' && was ne 'purge')
file(k) = run.'/'.samples_file[order_of[k]]
hue(k) = policy_colour(policy[order_of[k]])
silent(k) = over(silent_rss_bytes[order_of[k]], order_of[k])
lazy(k) = any_lazy(order_of[k]) ? amount(silent_lazy_bytes[order_of[k]]) : ''

do for [panel=1:words(panels)] {
    panel_top = first_top + pitch * (panel - 1)
    eval area(72, 700, panel_top, panel_top + panel_height)
    mine(i) = drawn(i) && allocator[i] eq word(panels, panel)
    stays(i) = known(silent_rss_bytes[i]) ? over(silent_rss_bytes[i], i) : -1
    ahead(j, i) = mine(j) && (stays(j) != stays(i) ? stays(j) > stays(i) : before(setting[j], setting[i]))
    n = int(sum [i=1:rows] mine(i))
    array order_of[n]; array label_y[n]; array width[n]
    do for [i=1:rows] { if (mine(i)) { order_of[1 + sum [j=1:rows] ahead(j, i)] = i } }
    do for [k=1:n] {
        label_y[k] = or_zero(silent(k)) / unit
        # Of lines that lie on each other the first are the thicker, so that each is seen.
        width[k] = 1.5 + 1.2 * sum [j=k+1:n] (abs(silent(j) - silent(k)) < 0.012 * top)
    }
    eval spread_labels

    unset object
    set object rectangle from graph 0, graph 0 to first 0, graph 1 fc rgb '#F0F0F0' fs solid noborder behind
    set object rectangle from first window / 1e3, graph 0 to first (window + ticking) / 1e3, graph 1 \
        fc rgb '#E3EEF9' fs solid noborder behind
    set object rectangle from first (window + ticking) / 1e3, graph 0 to graph 1, graph 1 \
        fc rgb '#F0F0F0' fs solid noborder behind
    set label word(panels, panel) at screen px(712), py(panel_top - 6) font ',14'
    do for [k=1:n] {
        set arrow from screen px(712), first label_y[k] rto screen 0.022, 0 nohead lc rgb hue(k) lw width[k]
        set label setting[order_of[k]] at screen px(740), first label_y[k] textcolor rgb hue(k)
        set label amount(silent(k)) at screen px(906), first label_y[k] right textcolor rgb hue(k)
        set label lazy(k) at screen px(984), first label_y[k] right textcolor rgb hue(k)
    }
    plot for [k=1:n] file(k) using (seconds(k)):((strcol('phase') eq 'end' ? NaN : thin(rss(k), strcol('phase'))) / unit) with steps lc rgb hue(k) lw width[k], \
        for [k=1:n] file(k) using (seconds(k)):(held(k) / unit) with points pt 6 ps 0.8 lc rgb hue(k), \
        for [k=1:n] file(k) using (seconds(k)):((entering(strcol('phase')) ? rss(k) : -top) / unit) \
            with points pt 13 ps 0.9 lc rgb hue(k)
    # The page's labels too: they are drawn with the first panel.
    unset label
    unset arrow
}
unset multiplot
