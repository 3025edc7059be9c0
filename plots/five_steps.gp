# Which step gives the memory back, how much of it, and when?
# A table: a row per allocator and setting, the allocators in the order of the plan, a column per named walk of the plan. In it
# two bars, what of the peak is resident at once (behind the drop and what the walk does about it) and after the silence.
question = 'Which step gives the memory back, how much of it, and when?'
statuses = 'ok oom skipped invalid failed timeout'
load plots.'/style.gp'

# --- the plan says in which order: walks, and allocators that it names (others come behind, by name) ---

walks = ''
plan_allocators = ''
array does[64]
append(list, w) = place_in(list, w) > 0 ? list : list eq '' ? w : list.' '.w
append_all(list, more) = more eq '' ? list : append_all(append(list, word(more, 1)), tail(more))
in_walk = 0
set datafile separator '='
unset datafile columnheaders
stats run.'/plan.ini' using (line = strcol(1), first_word = word(line, 1), \
    first_word[1:1] eq '[' ? (in_walk = first_word eq '[walk') : 0, \
    in_walk && first_word eq '[walk' ? (walks = append(walks, word(line, 2)[:strlen(word(line, 2)) - 1]), does[words(walks)] = '') : '', \
    in_walk && first_word eq 'phases' ? (does[words(walks)] = strcol(2)) : '', \
    first_word eq 'allocators' ? (plan_allocators = append_all(plan_allocators, strcol(2))) : '', 0) nooutput
set datafile separator whitespace

shown_walks = 0
if (rows > 0 && has('walk') && has('at_once_ms')) {
    eval texts('status')
    eval numbers('window_ms peak_rss_bytes live_bytes at_once_live_bytes at_once_rss_bytes at_once_held_bytes silent_rss_bytes silent_held_bytes at_once_ms t50_ms')
    shown_walks = int(sum [k=1:words(walks)] (0 < sum [i=1:rows] (walk[i] eq word(walks, k) && status[i] eq 'ok' && known(silent_rss_bytes[i]))))
}
if (shown_walks < 2 || cycles ne '') {
    eval nothing('This run does not compare named walks with a silent window: there is nothing to draw.')
    exit
}
window = 0
do for [i=1:rows] { window = larger(window, window_ms[i]) }

# --- rows: the first cell of an allocator and setting under a workload stands for it ---

shown(i) = place_in(walks, walk[i]) > 0
measured(i) = shown(i) && status[i] eq 'ok' && known(silent_rss_bytes[i]) && known(at_once_rss_bytes[i]) && known(peak_rss_bytes[i])
name_of(i) = allocator[i].'/'.setting[i]
same_row(i, j) = name_of(i) eq name_of(j) && workload[i] eq workload[j]
rank(i) = place_in(plan_allocators, allocator[i]) > 0 ? place_in(plan_allocators, allocator[i]) : 999
ahead(j, i) = rank(j) != rank(i) ? rank(j) < rank(i) : allocator[j] ne allocator[i] ? before(allocator[j], allocator[i]) \
    : setting[j] ne setting[i] ? setting[j] eq 'default' || (setting[i] ne 'default' && before(setting[j], setting[i])) \
    : before(workload[j], workload[i])
stands(i) = shown(i) && 0 == sum [j=1:i-1] (shown(j) && same_row(i, j))
array row_of[rows]
lines = int(sum [i=1:rows] stands(i))
do for [i=1:rows] {
    if (stands(i)) {
        n = 1 + int(sum [j=1:rows] (stands(j) && ahead(j, i)))
        do for [j=1:rows] { if (shown(j) && same_row(i, j)) { row_of[j] = n } }
    }
}
several_workloads = 0 < sum [i=1:rows] (shown(i) && 0 < sum [j=1:rows] (shown(j) && name_of(i) eq name_of(j) && workload[i] ne workload[j]))

# --- the page ---

most_live = 0
any_lazy = 0
any_live = 0
do for [i=1:rows] {
    if (measured(i)) {
        most_live = larger(most_live, live_bytes[i])
        any_lazy = any_lazy + (silent_rss_bytes[i] > silent_held_bytes[i] || at_once_rss_bytes[i] > at_once_held_bytes[i])
        any_live = any_live + (known(at_once_live_bytes[i]) && at_once_live_bytes[i] > 0 ? 1 : 0)
    }
}
pitch = 52
first_top = 150
left = several_workloads ? 266 : 192
column_width = larger(138, smaller(170, (1100 - left - 12) / words(walks)))
bar_width = column_width - 84
subtitle = sprintf('%s live; a step per column, done after the map was dropped; then %s of silence. A full bar is the peak over the baseline.', \
    amount(most_live), duration(window))
footnote = 'Words: RSS over the baseline; below, when half of the peak had left RSS, from at once on'.(any_lazy > 0 ? '; or how much is held where the rest is lazy' : '').'.'
eval canvas(left + column_width * words(walks) + 12, first_top + pitch * lines + 44)
eval area(0, W, first_top, first_top + pitch * lines)
set xrange [0:W]
set yrange [pitch * lines:0]
unset xtics
unset ytics

column_left(k) = left + column_width * (k - 1)
middle(i) = pitch * (row_of[i] - 0.5)
share(bytes, i) = larger(0, smaller(1, over(bytes, i) / over(peak_rss_bytes[i], i)))
hue(i) = colour(allocator_place(i))
box(x, y1, y2, part, rgb) = sprintf('set object rectangle from first %f, %f to first %f, %f fc rgb %d fs solid noborder; ', \
    x, y1, x + bar_width * part, y2, rgb)
frame(x, y1, y2) = sprintf('set object rectangle from first %f, %f to first %f, %f fc rgb 0xF3F3F3 fs solid border rgb 0xCCCCCC; ', \
    x, y1, x + bar_width, y2)
bars(i, x, y1, y2, rss, held) = frame(x, y1, y2).box(x, y1, y2, share(rss, i), lighter(hue(i), 0.35)).box(x, y1, y2, share(held, i), hue(i))
# A hundredth of the peak is not worth a word.
is_lazy(i, rss, held) = known(held) && rss - held > 0.01 * over(peak_rss_bytes[i], i)
words_of(i, rss) = amount(larger(0, over(rss, i)))
alive(i) = known(at_once_live_bytes[i]) && live_bytes[i] > 0 ? at_once_live_bytes[i] / live_bytes[i] : 0
half_gone(i) = known(at_once_ms[i]) ? larger(0, t50_ms[i] - at_once_ms[i]) : t50_ms[i]
when(i) = alive(i) > 0.9 ? 'alive' : known(t50_ms[i]) ? (half_gone(i) < 100 ? 'half gone at once' : 'half gone after '.duration(half_gone(i))) \
    : is_lazy(i, silent_rss_bytes[i], silent_held_bytes[i]) ? 'lazy; held: '.amount(larger(0, over(silent_held_bytes[i], i))) \
    : sprintf('half not gone in %s', duration(window_ms[i]))

# What a walk does between the map's last reading and the silence.
between(list, on) = list eq '' ? '' : word(list, 1) eq 'silent' ? '' : on ? ' '.word(list, 1).between(tail(list), 1) \
    : between(tail(list), word(list, 1) eq 'hold' || word(list, 1) eq 'build')
# The shape is told where it is not the one that most cells have.
same_shape(i) = sum [j=1:rows] (shown(j) && shape[j] eq shape[i])
main_shape = ''
most = 0
do for [i=1:rows] { if (shown(i) && same_shape(i) > most) { most = same_shape(i); main_shape = shape[i] } }
do for [k=1:words(walks)] {
    set label word(walks, k) at screen px(column_left(k)), py(first_top - 36) font ',14'
    what = between(does[k][strstrt(does[k], 'build'):], 0)
    of_shape = ''
    do for [i=1:rows] { if (walk[i] eq word(walks, k) && shape[i] ne main_shape) { of_shape = ', '.shape[i] } }
    set label (strstrt(what, 'hold') == 2 ? what[7:] : what[2:]).of_shape at screen px(column_left(k)), py(first_top - 18) font ',10' textcolor rgb grey
}

# The key is a cell's own bars with words beside.
sample = colour(1)
key_top = 82
eval sprintf('set object rectangle from screen %f, %f to screen %f, %f fc rgb %d fs solid noborder', px(20), py(key_top - 3), px(60), py(key_top + 3), sample)
set label 'thin: at once' at screen px(66), py(key_top) textcolor rgb grey
eval sprintf('set object rectangle from screen %f, %f to screen %f, %f fc rgb %d fs solid noborder', px(170), py(key_top - 6), px(210), py(key_top + 6), sample)
set label 'thick: after the silence' at screen px(216), py(key_top) textcolor rgb grey
if (any_lazy > 0) {
    eval sprintf('set object rectangle from screen %f, %f to screen %f, %f fc rgb %d fs solid noborder', px(390), py(key_top - 6), px(430), py(key_top + 6), lighter(sample, 0.35))
    set label 'lazy: resident, the kernel takes it under pressure' at screen px(436), py(key_top) textcolor rgb grey
}
if (any_live > 0) {
    set arrow from screen px(770), py(key_top - 8) to screen px(770), py(key_top + 8) nohead lw 2 lc rgb '#000000'
    set label 'so much of the map is still alive' at screen px(780), py(key_top) textcolor rgb grey
}

do for [n=1:lines] {
    set arrow from first 20, pitch * n - 3 to first W - 12, pitch * n - 3 nohead back lc rgb '#E4E4E4' lw 0.6
}
do for [i=1:rows] {
    if (shown(i)) {
        y = middle(i)
        x = column_left(place_in(walks, walk[i]))
        if (stands(i)) {
            set label name_of(i).(several_workloads ? '/'.workload[i] : '') at first left - 12, first y - 8 right
            set label policy[i] at first left - 12, first y + 8 right font ',10' textcolor rgb grey
        }
    }
    if (shown(i) && !measured(i)) {
        set label (status[i] eq 'ok' ? '–' : status[i]) at first x, first y textcolor rgb grey
    }
    if (measured(i)) {
        eval bars(i, x, y - 17, y - 11, at_once_rss_bytes[i], at_once_held_bytes[i])
        eval bars(i, x, y - 6, y + 6, silent_rss_bytes[i], silent_held_bytes[i])
        if (alive(i) > 0) {
            at = x + bar_width * alive(i)
            set arrow from first at, y - 19 to first at, y + 8 nohead front lw 2 lc rgb '#000000'
        }
        set label words_of(i, at_once_rss_bytes[i]) at first x + bar_width + 5, first y - 14 font ',9' textcolor rgb grey
        set label words_of(i, silent_rss_bytes[i]) at first x + bar_width + 5, first y font ',10'
        set label when(i) at first x, first y + 15 font ',9' textcolor rgb grey
    }
}
# Everything is labels, bars and arrows; the curve is outside the axes.
plot 1e30
