# What stays resident after the drop, and for how long?
# One panel per allocator, one line per setting, coloured by its policy: of the block with the most cells.
question = 'What stays resident after the drop, and for how long?'
statuses = 'ok oom'
load plots.'/style.gp'

if (cost eq run) {
    eval nothing('A timed pass takes no samples between its marks: there is nothing to draw.')
    exit
}

drawn(i) = block[i] eq main_block && known(peak_rss_bytes[i]) && samples_file[i] ne ''
panels = ''
cells = 0
if (rows > 0) {
    eval texts('status samples_file')
    eval numbers('window_ms ticking_ms ticking_ns peak_rss_bytes rebuild_peak_rss_bytes silent_rss_bytes \
drop_lazy_bytes silent_lazy_bytes ticking_lazy_bytes')
    do for [i=1:rows] { if (drawn(i)) { panels = put(panels, allocator[i]); some = i; cells = cells + 1 } }
}
if (cells == 0) {
    eval nothing('This run has no cell that is ok, or was killed and has samples: there is nothing to draw.')
    exit
}

# --- the walk is the plan's: up to the drop, then the bands, silent and ticking, of a known length, then the rest ---

phases = 'build hold drop silent ticking rebuild redrop purge'
group = ''
set datafile separator '='
stats run.'/plan.ini' using (line = strcol(1), key = word(line, 1), key[1:1] eq '[' ? (group = line, 0) : 0, \
    key eq 'walk' && walk[some] eq '' ? (phases = strcol(2), 0) : 0, \
    key eq 'phases' && group eq '[walk '.walk[some].']' ? (phases = strcol(2), 0) : 0) nooutput
set datafile separator whitespace
upto = ''; bands = ''; rest = ''
add(list, w) = list eq '' ? w : list.' '.w
do for [phase in phases] {
    if (place_in(upto, 'drop') == 0) { upto = add(upto, phase) } else {
        if (rest eq '' && place_in(bands, phase) == 0 && (phase eq 'silent' || phase eq 'ticking')) {
            bands = add(bands, phase)
        } else { rest = add(rest, phase) }
    }
}

# --- what all panels share ---

killed(i) = status[i] eq 'oom'
or_zero(x) = known(x) ? x : 0
any_lazy(i) = or_zero(drop_lazy_bytes[i]) + or_zero(silent_lazy_bytes[i]) + or_zero(ticking_lazy_bytes[i]) > 0
most = 0; top = 0; begin_ms = 0; end_ms = 0; window = 0; ticking = 0; lazy_cells = 0; longest_ticking = 0; kills = 0
array last_ms[rows]; array last_rss_bytes[rows]
eval csv_on
do for [i=1:rows] {
    if (drawn(i)) {
        top = larger(larger(top, over(peak_rss_bytes[i], i)), over(rebuild_peak_rss_bytes[i], i))
        window = larger(window, window_ms[i])
        ticking = larger(ticking, ticking_ms[i])
        kills = kills + killed(i)
        longest_ticking = larger(longest_ticking, ticking_ns[i] / 1e6)
        lazy_cells = lazy_cells + any_lazy(i)
        most = larger(most, sum [j=1:rows] (drawn(j) && allocator[j] eq allocator[i]))
        stats run.'/'.samples_file[i] using (strcol('phase') eq 'baseline' || strcol('phase') eq 'end' ? NaN : column('time_ms')) nooutput
        begin_ms = smaller(begin_ms, STATS_min)
        end_ms = larger(end_ms, STATS_max)
        stats run.'/'.samples_file[i] using (strcol('phase') eq 'end' ? 0 \
            : (last_ms[i] = column('time_ms'), last_rss_bytes[i] = column('rss_bytes'), 0)) nooutput
        if (killed(i)) { top = larger(top, over(last_rss_bytes[i], i)) }
    }
}
unit = top >= 2e9 ? 1e9 : top >= 2e6 ? 1e6 : 1e3
scale = 1.06 * top / unit
label_height = 16
panel_height = larger(130, label_height * (most + 1))
pitch = panel_height + 38
first_top = 142

# Where the bands end, in ms, and the end of the last of them.
length_ms(band) = band eq 'silent' ? window : ticking
band_end(k) = k == 0 ? 0 : band_end(k - 1) + length_ms(word(bands, k))
bands_end = band_end(words(bands))

others = sum [i=1:rows] (block[i] ne main_block)
lost = rows - cells - others
subtitle = block_title(some).'. RSS is over the baseline; time is the process’s own, 0 at the end of the drop.'
footnote_begun = others + lost > 0
footnote = not_drawn.(others == 0 ? '' : count(others, 'cell', 'cells').' of other workloads and shapes not drawn here.') \
    .(lost == 0 ? '' : ' '.count(lost, 'cell', 'cells').' killed or without samples not drawn.') \
    .(kills == 0 ? '' : (footnote_begun ? ' ' : '').'× is the last sample of a cell that the kernel killed.') \
    .(place_in(bands, 'ticking') > 0 && longest_ticking > 1.1 * ticking ? ' The ticking of some lasts up to '.duration(longest_ticking).': longer than its band.' : '')
eval canvas(1000, first_top + pitch * words(panels) + 40)

# --- the key: a policy is a colour; and the two marks; the phases over their bands; the columns at the right ---

set label 'policy:' at screen px(72), py(80) textcolor rgb grey
do for [k=1:words(policies)] {
    set label word(policies, k) at screen px(60 + 70 * k), py(80) textcolor rgb policy_colour(word(policies, k))
}
purges = place_in(phases, 'purge') > 0
if (purges) {
    set label '' at screen px(492), py(80) point pt 13 ps 0.9 lc rgb '#222222'
    set label 'the purge begins' at screen px(502), py(80) textcolor rgb grey
}
if (kills > 0) {
    set label '' at screen px(purges ? 832 : 492), py(80) point pt 2 ps 0.9 lw 2 lc rgb '#222222'
    set label 'killed after this' at screen px(purges ? 842 : 502), py(80) textcolor rgb grey
}
if (lazy_cells > 0) {
    set label '' at screen px(642), py(80) point pt 6 ps 0.8 lc rgb '#222222'
    set label 'held (RSS without lazy)' at screen px(652), py(80) textcolor rgb grey
    set label 'lazy' at screen px(984), py(first_top - 10) right textcolor rgb grey
}
if (window > 0 && place_in(phases, 'silent') > 0) {
    set label 'after '.duration(window).' of silence' at screen px(984), py(first_top - 28) right textcolor rgb grey
    set label 'RSS' at screen px(906), py(first_top - 10) right textcolor rgb grey
}
# Over the bands as long as their names fit there; otherwise in a sentence. A letter is about 6 pixels wide.
listed(list, from, to) = from > to ? '' : word(list, from).(from < to ? ', ' : '').listed(list, from + 1, to)
half(list) = words(list) / 2
first_line(list) = listed(list, 1, half(list)).(words(list) > 1 ? ',' : '')
last_line(list) = listed(list, half(list) + 1, words(list))
lines_px(list) = 6 * larger(strlen(first_line(list)), strlen(last_line(list))) + 6
px_at(ms) = 72 + 628 * (ms - begin_ms) / (1.01 * (end_ms - begin_ms))
middle_ms(k) = (band_end(k - 1) + band_end(k)) / 2
left_px(k) = k > words(bands) ? 700 - lines_px(rest) : px_at(middle_ms(k)) - 3 * strlen(word(bands, k))
right_px(k) = k == 0 ? 72 + lines_px(upto) : px_at(middle_ms(k)) + 3 * strlen(word(bands, k)) + 6
fits = 1
do for [k=0:words(bands)] { if (right_px(k) > left_px(k + 1)) { fits = 0 } }
if (fits) {
    do for [k=1:words(bands)] {
        set label word(bands, k) at first middle_ms(k) / 1e3, screen py(first_top - 10) center font ',10' textcolor rgb grey
    }
    set label first_line(upto)."\n".last_line(upto) at screen px(72), py(first_top - 23) font ',10' textcolor rgb grey
    if (rest ne '') {
        set label first_line(rest)."\n".last_line(rest) at screen px(700), py(first_top - 23) right font ',10' textcolor rgb grey
    }
} else {
    sentence = 'up to 0: '.listed(upto, 1, words(upto))
    do for [band in bands] { sentence = sentence.(band eq 'silent' ? '; white: ' : '; blue: ').band }
    if (rest ne '') { sentence = sentence.'; then: '.listed(rest, 1, words(rest)) }
    set label sentence at screen px(72), py(first_top - 10) font ',10' textcolor rgb grey
}

# --- the panels ---

set multiplot
set xrange [begin_ms / 1e3:end_ms / 1e3 + 0.01 * (end_ms - begin_ms) / 1e3]
set yrange [0:scale]
set tics textcolor rgb grey
set xtics format '%g s'
set grid ytics lc rgb '#DDDDDD' lw 0.5
set ytics format unit == 1e9 ? '%g GB' : unit == 1e6 ? '%g MB' : '%g kB'
label_gap = label_height * scale / panel_height
label_bottom = 0.5 * label_gap

# What a sample shows. Lines go by steps, so a point that differs little from the last one drawn can be left out, but for the
# last of all.
seconds(k) = column('time_ms') / 1e3
rss(k) = column('rss_bytes') - baseline_rss_bytes[order_of[k]]
last = -1e9; phase_was = ''
ends(k) = column('time_ms') == last_ms[order_of[k]]
thin(bytes, phase, ends) = ends || abs(bytes - last) > 0.004 * top || phase ne phase_was ? (last = bytes, phase_was = phase, bytes) : NaN
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
    do for [k=1:words(bands)] {
        if (word(bands, k) eq 'ticking') {
            set object rectangle from first band_end(k - 1) / 1e3, graph 0 to first band_end(k) / 1e3, graph 1 \
                fc rgb '#E3EEF9' fs solid noborder behind
        }
    }
    set object rectangle from first bands_end / 1e3, graph 0 to graph 1, graph 1 \
        fc rgb '#F0F0F0' fs solid noborder behind
    set label word(panels, panel) at screen px(712), py(panel_top - 6) font ',14'
    do for [k=1:n] {
        set arrow from screen px(712), first label_y[k] rto screen 0.022, 0 nohead lc rgb hue(k) lw width[k]
        set label setting[order_of[k]] at screen px(740), first label_y[k] textcolor rgb hue(k)
        set label amount(silent(k)) at screen px(906), first label_y[k] right textcolor rgb hue(k)
        if (killed(order_of[k])) {
            set label '' at screen px(723), first label_y[k] point pt 2 ps 0.9 lw 2 lc rgb hue(k)
            set label '' at first last_ms[order_of[k]] / 1e3, first over(last_rss_bytes[order_of[k]], order_of[k]) / unit \
                point pt 2 ps 0.9 lw 2 lc rgb hue(k) front
        }
        set label lazy(k) at screen px(984), first label_y[k] right textcolor rgb hue(k)
    }
    plot for [k=1:n] file(k) using (seconds(k)):((strcol('phase') eq 'end' ? NaN : thin(rss(k), strcol('phase'), ends(k))) / unit) with steps lc rgb hue(k) lw width[k], \
        for [k=1:n] file(k) using (seconds(k)):(held(k) / unit) with points pt 6 ps 0.8 lc rgb hue(k), \
        for [k=1:n] file(k) using (seconds(k)):((entering(strcol('phase')) ? rss(k) : -top) / unit) \
            with points pt 13 ps 0.9 lc rgb hue(k)
    # The page's labels too: they are drawn with the first panel.
    unset label
    unset arrow
}
unset multiplot
