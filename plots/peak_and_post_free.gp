# How much is resident at the peak, and how much after the drop, at once and later?
# One row per ok cell, under a heading per workload and shape; in percent of the live bytes, the baseline subtracted.
# Where no cell was ever silent (the timed pass), what is resident at once takes the place of what is held after silence.
question = 'How much is resident at the peak, and how much after the drop, at once and later?'
load plots.'/style.gp'

if (rows > 0) {
    eval numbers('window_ms peak_rss_bytes drop_rss_bytes silent_rss_bytes silent_held_bytes ticking_rss_bytes purge_rss_bytes')
}
# A floor's memory is there before it begins: it says nothing.
shown(i) = live_bytes[i] > 0 && known(peak_rss_bytes[i]) && !is_floor(role[i])
silent = rows > 0 ? sum [i=1:rows] (shown(i) && known(silent_held_bytes[i])) : 0
stays(i) = silent > 0 ? silent_held_bytes[i] : drop_rss_bytes[i]
sort_key(i) = known(stays(i)) ? over(stays(i), i) / live_bytes[i] : 1e9
cells = rows > 0 ? sum [i=1:rows] shown(i) : 0
if (cells == 0) {
    eval nothing('This run has no cell with status ok that holds live bytes: there is nothing to draw.')
    exit
}

eval place_rows
percent(bytes, i) = 100 * over(bytes, i) / live_bytes[i]
top = 100
window = 0
do for [i=1:rows] {
    if (shown(i) && percent(peak_rss_bytes[i], i) > top) { top = percent(peak_rss_bytes[i], i) }
    if (shown(i) && known(window_ms[i]) && window_ms[i] > window) { window = window_ms[i] }
}

subtitle = 'RSS over the baseline, in percent of the live bytes. Within a block the cell '\
    .(silent > 0 ? 'that holds least after silence' : 'with the least at once').' comes first.'
empty = rows - cells - sum [i=1:rows] is_floor(role[i])
footnote = not_drawn.(empty == 0 ? '' : count(empty, 'cell', 'cells').' without live bytes not drawn.')
first_top = 110
eval canvas(1000, first_top + rows_height + 70)
eval area(210, 800, first_top, first_top + rows_height)
set xrange [0:1.03 * top]
set yrange [rows_height:0]
set xtics format '%g %%' textcolor rgb grey
set grid xtics lc rgb '#DDDDDD' lw 0.5
unset ytics
set arrow from first 100, graph 0 to first 100, graph 1 nohead lc rgb grey dt 2 lw 1
set label 'peak' at screen px(896), py(84) right textcolor rgb grey
set label (silent > 0 ? 'held' : 'at once') at screen px(984), py(84) right textcolor rgb grey

# The key, in the glyphs of the rows.
sample = colour(1)
key_bar(x, part, half) = sprintf('set object rectangle from screen %f, %f to screen %f, %f fc rgb %d fs solid noborder', \
    px(x), py(84 - half), px(x + 22), py(84 + half), lighter(sample, part))
key_word(x, text) = sprintf('set label "%s" at screen %f, %f textcolor rgb grey', text, px(x), py(84))
key_point(x, shape) = sprintf('set label "" at screen %f, %f point pt %d ps 1 lw 1.2 lc rgb "#000000"', px(x), py(84), shape)
eval key_bar(20, 0.18, 7).'; '.key_word(48, 'peak')
if (silent > 0) {
    eval key_bar(100, 1, 4).'; '.key_word(128, 'held'.(window > 0 ? ' after '.duration(window).' of silence' : ''))
    eval key_bar(320, 0.45, 4).'; '.key_word(348, 'lazy, then')
    eval key_point(552, 2).'; '.key_word(562, 'after ticking')
}
left = silent > 0 ? 0 : 340
eval key_point(440 - left, 6).'; '.key_word(450 - left, 'RSS at once')
eval key_point(668 - 1.34 * left, 13).'; '.key_word(678 - 1.34 * left, 'after a purge')

do for [i=1:rows] {
    if (first[i]) {
        set label block_title(i) at screen px(20), first y[i] - 0.5 * (row_height + heading_height) + 4 font ',13'
    }
    if (shown(i)) {
        set label allocator[i].'/'.setting[i] at screen px(202), first y[i] right
        set label amount(over(peak_rss_bytes[i], i)) at screen px(896), first y[i] right textcolor rgb grey
        set label amount(over(stays(i), i)) at screen px(984), first y[i] right
    }
}

# A row that is not shown, and a value that is not known, is drawn outside the axes.
at(bytes, i) = shown(i) && known(bytes) ? percent(bytes, i) : -1e6
bar(bytes, i) = larger(0, at(bytes, i))
hue(i) = colour(allocator_place(i))
plot y using (0):2:(0):(bar(peak_rss_bytes[$1], $1)):($2 - 7):($2 + 7):(lighter(hue($1), 0.18)) \
        with boxxyerror fs solid noborder lc rgb variable, \
    y using (0):2:(0):(bar(silent_rss_bytes[$1], $1)):($2 - 4):($2 + 4):(lighter(hue($1), 0.45)) \
        with boxxyerror fs solid noborder lc rgb variable, \
    y using (0):2:(0):(bar(silent_held_bytes[$1], $1)):($2 - 4):($2 + 4):(hue($1)) \
        with boxxyerror fs solid noborder lc rgb variable, \
    y using (at(drop_rss_bytes[$1], $1)):2 with points pt 6 ps 1.1 lw 1.2 lc rgb '#000000', \
    y using (at(ticking_rss_bytes[$1], $1)):2 with points pt 2 ps 0.8 lw 1.2 lc rgb '#000000', \
    y using (at(purge_rss_bytes[$1], $1)):2 with points pt 13 ps 1 lc rgb '#000000'
