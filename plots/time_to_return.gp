# How long until half, and nine tenths, of the memory has left?
# One row per ok cell, under a heading per workload and shape: t50 and t90, counted from the end of the drop.
question = 'How long until half, and nine tenths, of the memory has left?'
load plots.'/style.gp'

if (rows > 0) {
    eval numbers('peak_rss_bytes window_ms t50_ms t90_ms silent_rss_bytes silent_lazy_bytes')
    eval texts('window_short')
}
# What never asked for memory has none to return.
shown(i) = live_bytes[i] > 0 && window_ms[i] > 0
too_short(i) = window_short[i] eq 'yes'
cells = rows > 0 ? sum [i=1:rows] shown(i) : 0
if (cells == 0) {
    eval nothing('This run has no cell with status ok and a silent window: there is nothing to draw.')
    exit
}

# The axis: from a decade below the shortest time that is not 0 to the longest window; 0 stands left of it.
window = 0
shortest = 1e9
do for [i=1:rows] {
    if (shown(i)) {
        window = larger(window, window_ms[i])
        shortest = smaller(shortest, t50_ms[i] > 0 ? t50_ms[i] : NaN)
        shortest = smaller(shortest, t90_ms[i] > 0 ? t90_ms[i] : NaN)
    }
}
low = 10 ** floor(log10(smaller(shortest, 0.1 * window)))
zero = low / 2.5
sort_key(i) = too_short(i) ? 4e12 : known(t90_ms[i]) ? t90_ms[i] : known(t50_ms[i]) ? 1e12 + t50_ms[i] \
    : known(silent_lazy_bytes[i]) && silent_lazy_bytes[i] > 0 ? 2e12 : 3e12
eval place_rows

asked = sum [i=1:rows] (shown(i) && !too_short(i))
stayed = sum [i=1:rows] (shown(i) && !too_short(i) && !known(t50_ms[i]))
subtitle = 'Time from the end of the drop until that part of (peak − baseline) has left RSS, in silence. '\
    .(stayed > 0 ? sprintf('Not even half: %d of %d cells.', stayed, asked) : '')
footnote = not_drawn
first_top = 112
eval canvas(1000, first_top + rows_height + 64)
left = 270
right = 690
eval area(left, right, first_top, first_top + rows_height)
set logscale x 10
set xrange [low / 4:1.3 * window]
set yrange [rows_height:0]
unset ytics
set xtics ('0' zero) textcolor rgb grey
decade = low
while (decade < 0.6 * window) {
    set xtics add (duration(decade) decade)
    decade = decade * 10
}
set xtics add (duration(window) window)
set grid xtics lc rgb '#DDDDDD' lw 0.5

# The key, in the shape of the first allocator.
set label '' at screen px(left), py(86) point pt shape_full(1) ps 1 lc rgb '#222222'
set label 't50: half has left' at screen px(left + 12), py(86) textcolor rgb grey
set label '' at screen px(left + 150), py(86) point pt shape_open(1) ps 1.5 lw 1.2 lc rgb '#222222'
set label 't90: nine tenths' at screen px(left + 162), py(86) textcolor rgb grey
set arrow from screen px(left + 282), py(86) rto screen px(24), 0 head empty size screen 0.008, 20 lc rgb '#222222' lw 1.2
set label 'not within the window' at screen px(left + 312), py(86) textcolor rgb grey
set label 'policy' at screen px(20), py(86) textcolor rgb grey

place(ms) = ms > zero ? ms : zero
share_lazy(i) = known(silent_lazy_bytes[i]) && silent_lazy_bytes[i] > 0 \
    ? sprintf(', but %.0f %% of it is lazy', 100 * silent_lazy_bytes[i] / over(silent_rss_bytes[i], i)) : ''
words_for(i) = too_short(i) ? 'not asked: the window of '.duration(window_ms[i]).' is too short' \
    : known(t90_ms[i]) ? sprintf('t50 %s, t90 %s', duration(t50_ms[i]), duration(t90_ms[i])) \
    : (known(t50_ms[i]) ? sprintf('t50 %s, t90 ', duration(t50_ms[i])) : '') \
        .'not within '.duration(window_ms[i]).share_lazy(i)
do for [i=1:rows] {
    if (first[i]) {
        set label block_title(i) at screen px(20), first y[i] - 0.5 * (row_height + heading_height) + 4 font ',13'
    }
    if (shown(i)) {
        set label policy[i] at screen px(20), first y[i] textcolor rgb grey
        set label allocator[i].'/'.setting[i] at screen px(left - 8), first y[i] right
        set label words_for(i) at screen px(right + 8), first y[i] textcolor rgb (known(t90_ms[i]) ? '#000000' : grey)
        hue = colour(allocator_place(i))
        if (!too_short(i)) {
            from = known(t50_ms[i]) ? place(t50_ms[i]) : 0.75 * window_ms[i]
            if (known(t90_ms[i])) {
                set arrow from first from, y[i] to first place(t90_ms[i]), y[i] nohead lc rgb hue lw 1.5
                set label '' at first place(t90_ms[i]), y[i] point pt shape_open(allocator_place(i)) ps 1.5 lw 1.2 lc rgb hue
            } else {
                set arrow from first from, y[i] to first 1.2 * window_ms[i], y[i] head empty size screen 0.008, 20 lc rgb hue lw 1.2
            }
            if (known(t50_ms[i])) {
                set label '' at first from, y[i] point pt shape_full(allocator_place(i)) ps 1 lc rgb hue
            }
        }
    }
}
# Everything is labels and arrows, so that a run without a single number draws too; the curve is outside the axes.
plot -1e6
