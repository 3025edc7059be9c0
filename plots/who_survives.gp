# Who survives a second build by another thread in this container, and what does a neighbour get?
# One row per cell that ran under a limit: the first cycle's peak (up to the kill), what stayed after silence, whether the
# second cycle lived, where it was killed or in how many of its runs, and how much a neighbour in the same cgroup got
# before somebody was killed.
question = 'Who survives a second build by another thread in this container, and what does a neighbour get?'
statuses = 'ok oom'
load plots.'/style.gp'

# A run without a limit does not ask this.
limit = 0
set datafile separator whitespace
unset datafile columnheaders
stats run.'/plan.ini' using (limit = limit + (strcol(1) eq '[limit]'), 0) nooutput
if (limit == 0) {
    eval nothing('The plan of this run has no [limit]: there is nothing to draw.')
    exit
}

if (rows > 0) {
    eval texts('status limit_bytes ended_in pressure_victim')
    eval numbers('window_ms peak_rss_bytes silent_rss_bytes silent_held_bytes rebuild_peak_rss_bytes neighbour_got_bytes runs')
    array runs_oom[rows]
    do for [i=1:rows] { runs_oom[i] = 0 }
    # An older summary.csv does not count who was killed.
    if (has('runs_oom')) { eval numbers('runs_oom') }
}
killed(i) = status[i] eq 'oom'
partly(i) = !killed(i) && runs_oom[i] > 0
fate(i) = killed(i) ? 'killed in '.ended_in[i] : partly(i) ? sprintf('killed in %d of %d', runs_oom[i], runs[i]) : 'lived'
shown(i) = limit_bytes[i] ne '' && known(peak_rss_bytes[i])
cells = rows > 0 ? sum [i=1:rows] shown(i) : 0
if (cells == 0) {
    eval nothing('No cell of this run has a peak under the limit: there is nothing to draw.')
    exit
}
# Who left the neighbour most comes first; killed before it came, by what stayed.
sort_key(i) = killed(i) ? (known(silent_held_bytes[i]) ? 1e15 + silent_held_bytes[i] : 2e15) : known(neighbour_got_bytes[i]) ? -neighbour_got_bytes[i] : 1e14
eval place_rows

limit = 0
window = 0
lived = 0
do for [i=1:rows] {
    if (shown(i)) {
        limit = larger(limit, real(limit_bytes[i]))
        window = larger(window, window_ms[i])
        lived = lived + !(killed(i) || partly(i))
    }
}
subtitle = sprintf('%d of %d cells live through the second cycle at a limit of %s. Bytes over the baseline; at the limit the kernel kills the larger of the two.', \
    lived, cells, amount(limit))
footnote = not_drawn.'The neighbour takes memory of the same cgroup step by step: lazy memory is the kernel''s to give, dirty free memory is not.'

# The page is one plot whose x axis counts pixels: two panels from 0 to the limit, with words between and behind them.
first_top = 132
eval canvas(1100, first_top + rows_height + 50)
eval area(0, W, first_top, first_top + rows_height)
set xrange [0:W]
set yrange [rows_height:0]
unset xtics
unset ytics
left = 232
right = 520
words_at = 532
left2 = 676
right2 = 896
place(bytes) = left + (right - left) * bytes / limit
place2(bytes) = left2 + (right2 - left2) * bytes / limit

set label 'the process' at screen px(left), py(112) textcolor rgb grey
set label 'second cycle' at screen px(words_at), py(112) textcolor rgb grey
set label 'the neighbour got' at screen px(left2), py(112) textcolor rgb grey
set label 'then killed' at screen px(right2 + 84), py(112) textcolor rgb grey
do for [x in sprintf('%d %d', right, right2)] {
    set arrow from first int(x), graph 0 to first int(x), graph 1 nohead lc rgb grey dt 2 lw 1
    set label 'limit' at screen px(int(x)), py(124) center font ',10' textcolor rgb grey
}

# The key, in the glyphs of the rows.
sample = colour(1)
key_bar(x, rgb, half) = sprintf('set object rectangle from screen %f, %f to screen %f, %f fc rgb %d fs solid noborder', \
    px(x), py(84 - half), px(x + 22), py(84 + half), rgb)
key_word(x, text) = sprintf('set label "%s" at screen %f, %f textcolor rgb grey', text, px(x), py(84))
key_point(x, shape) = sprintf('set label "" at screen %f, %f point pt %d ps 1 lw 1.5 lc rgb "#000000"', px(x), py(84), shape)
eval key_bar(20, lighter(sample, 0.18), 7).'; '.key_word(48, 'peak of the first cycle')
eval key_bar(222, sample, 4).'; '.key_word(250, 'held'.(window > 0 ? ' after '.duration(window).' of silence' : ''))
eval key_bar(454, lighter(sample, 0.45), 4).'; '.key_word(482, 'lazy, then')
eval key_point(580, 6).'; '.key_word(592, 'peak of the second cycle')
eval key_point(790, 2).'; '.key_word(802, 'killed by the kernel')

do for [i=1:rows] {
    if (first[i]) {
        set label block_title(i) at screen px(20), first y[i] - 0.5 * (row_height + heading_height) + 4 font ',13'
    }
    if (shown(i)) {
        set label allocator[i].'/'.setting[i] at screen px(left - 8), first y[i] right
        set label fate(i) at screen px(words_at + 8), first y[i] \
            textcolor rgb (killed(i) || partly(i) ? '#000000' : grey)
        if (known(neighbour_got_bytes[i])) {
            set label amount(neighbour_got_bytes[i]) at screen px(right2 + 72), first y[i] right
            set label (pressure_victim[i] eq 'process' ? 'the process' : pressure_victim[i] eq 'neighbour' ? 'the neighbour' \
                : 'nobody') at screen px(right2 + 84), first y[i] textcolor rgb (pressure_victim[i] eq 'process' ? '#000000' : grey)
        }
    }
}

# What is not to be drawn lies outside the axes.
bar(bytes, i) = shown(i) && known(bytes) ? place(larger(0, over(bytes, i))) : -1e6
from(bytes, i) = shown(i) && known(bytes) ? left : -1e6
from2(i) = shown(i) && known(neighbour_got_bytes[i]) ? left2 : -1e6
bar2(i) = shown(i) && known(neighbour_got_bytes[i]) ? place2(neighbour_got_bytes[i]) : -1e6
hue(i) = colour(allocator_place(i))
second(i) = shown(i) && !killed(i) && known(rebuild_peak_rss_bytes[i]) ? place(over(rebuild_peak_rss_bytes[i], i)) : -1e6
plot y using (from(peak_rss_bytes[$1], $1)):2:(from(peak_rss_bytes[$1], $1)):(bar(peak_rss_bytes[$1], $1)):($2 - 7):($2 + 7):(lighter(hue($1), 0.18)) \
        with boxxyerror fs solid noborder lc rgb variable, \
    y using (from(silent_rss_bytes[$1], $1)):2:(from(silent_rss_bytes[$1], $1)):(bar(silent_rss_bytes[$1], $1)):($2 - 4):($2 + 4):(lighter(hue($1), 0.45)) \
        with boxxyerror fs solid noborder lc rgb variable, \
    y using (from(silent_held_bytes[$1], $1)):2:(from(silent_held_bytes[$1], $1)):(bar(silent_held_bytes[$1], $1)):($2 - 4):($2 + 4):(hue($1)) \
        with boxxyerror fs solid noborder lc rgb variable, \
    y using (from2($1)):2:(from2($1)):(bar2($1)):($2 - 4):($2 + 4) with boxxyerror fs solid noborder lc rgb grey, \
    y using (second($1)):2 with points pt 6 ps 1.1 lw 1.5 lc rgb '#000000', \
    y using (shown($1) && killed($1) ? right : -1e6):2 with points pt 2 ps 1.1 lw 2 lc rgb '#000000'
