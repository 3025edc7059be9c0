# What stays, and what does it cost?
# One point per setting of one block, the one with the most cells that were timed at their own shape, else with the most
# cells: held after silence over the peak, and the CPU time of
# build + drop + rebuild relative to the plan's baseline, from the timed pass. Left the plane with the frontier, right a
# row per point with its name, what stays in figures, and the price with its interval. Nothing without a timed pass.
question = 'What stays, and what does it cost?'
load plots.'/style.gp'

# The setting the others are compared to is the plan's: baseline=glibc/default.
baseline = ''
set datafile separator '='
stats run.'/plan.ini' using (word(strcol(1), 1) eq 'baseline' ? (baseline = word(strcol(2), 1), 0) : 0) nooutput
set datafile separator whitespace

prices = has('cycle_of_baseline')
if (rows > 0 && prices) {
    eval numbers('peak_rss_bytes silent_held_bytes ticking_held_bytes window_ms ticking_ms \
cycle_cpu_ns_per_record cycle_of_baseline cycle_of_baseline_low cycle_of_baseline_high cost_rounds')
    eval texts('cycle_of_baseline_verdict cost_shape')
}
# Memory and price of the same shape, where there are, with intervals: a price of fewer records is a stand-in.
own_price(i) = cycle_of_baseline_low[i] > 0 && cost_shape[i] eq shape[i] && !is_floor(role[i])
if (rows > 0 && prices) {
    most_own = 1
    do for [i=1:rows] {
        own = int(sum [j=1:rows] (block[j] eq block[i] && own_price(j)))
        if (own > most_own) { most_own = own; main_block = block[i] }
    }
}
here(i) = block[i] eq main_block && !is_floor(role[i])
# To itself the baseline has no ratio.
is_baseline(i) = strstrt(cell[i], baseline.'/') == 1 && cycle_cpu_ns_per_record[i] > 0
price(i) = is_baseline(i) ? 1 : cycle_of_baseline[i]
priced(i) = here(i) && price(i) > 0
drawn(i) = priced(i) && known(silent_held_bytes[i]) && over(peak_rss_bytes[i], i) > 0
timed = rows > 0 && prices ? int(sum [i=1:rows] (cost_rounds[i] > 0)) : 0
n = timed > 0 ? int(sum [i=1:rows] drawn(i)) : 0
if (n == 0) {
    eval nothing(timed > 0 ? 'No ok cell has a silent window and a price against the baseline: there is nothing to draw.' \
        : 'This run has no prices of a timed pass: there is nothing to draw.')
    exit
}

kept(bytes, i) = 100 * over(bytes, i) / over(peak_rss_bytes[i], i)
silent(i) = kept(silent_held_bytes[i], i)
ticking(i) = kept(ticking_held_bytes[i], i)
low_price(i) = cycle_of_baseline_low[i] > 0 ? cycle_of_baseline_low[i] : price(i)
high_price(i) = cycle_of_baseline_high[i] > 0 ? cycle_of_baseline_high[i] : price(i)
shows_none(i) = !is_baseline(i) && strstrt(cycle_of_baseline_verdict[i], 'no difference') == 1
full_name(i) = allocator[i].'/'.setting[i]

# --- the frontier: nobody holds as little, to a tenth of a percent of the peak, for less ---

tenth(percent) = floor(10 * percent + 0.5)
beats(a, price_a, b, price_b) = a <= b && price_a <= price_b && (a < b || price_a < price_b)
beaten_silent(i) = sum [j=1:rows] (drawn(j) && beats(tenth(silent(j)), price(j), tenth(silent(i)), price(i)))
ticks(i) = drawn(i) && known(ticking_held_bytes[i])
beaten_ticking(i) = sum [j=1:rows] (ticks(j) && beats(tenth(ticking(j)), price(j), tenth(ticking(i)), price(i)))
array best_silent[rows]
array best_ticking[rows]
any_ticking = 0
another = 0
moved = 0
low = 1.0
high = 1.0
shapes = ''
unpriced = 0
no_memory = 0
others = 0
longest = 20
few = NaN
many = NaN
do for [i=1:rows] {
    best_silent[i] = drawn(i) && beaten_silent(i) == 0
    best_ticking[i] = ticks(i) && beaten_ticking(i) == 0
    others = others + (!is_floor(role[i]) && !here(i))
    unpriced = unpriced + (here(i) && !priced(i))
    no_memory = no_memory + (priced(i) && !drawn(i))
    if (drawn(i)) {
        some = i
        longest = larger(longest, strlen(full_name(i)))
        any_ticking = any_ticking + ticks(i)
        another = another + (ticks(i) && best_silent[i] != best_ticking[i])
        moved = moved + (ticks(i) && abs(silent(i) - ticking(i)) >= 1)
        low = smaller(low, low_price(i))
        high = larger(high, high_price(i))
        shapes = put(shapes, cost_shape[i])
        few = known(few) ? smaller(few, cost_rounds[i]) : cost_rounds[i]
        many = known(many) ? larger(many, cost_rounds[i]) : cost_rounds[i]
    }
}
best(i) = best_silent[i] || best_ticking[i]

# --- the page: one plot whose axes count pixels ---

label_gap = 17
plane_left = 76
plane_right = 456
names_at = 478
silent_at = names_at + 7.6 * longest + 66
ticking_at = silent_at + 60
price_left = ticking_at + 28
price_right = price_left + 224
first_top = 150
plane_height = larger(300, label_gap * (n + 1))
plane_bottom = first_top + plane_height
joined(list) = list eq '' ? '' : words(list) < 2 ? list : word(list, 1).', '.joined(tail(list))
rounds_text = known(few) ? ', '.(few == many ? count(few, 'round', 'rounds') : sprintf('%d to %d rounds', few, many)) : ''
subtitle = sprintf('What stays: held after %s of silence, in percent of the peak; %s.', duration(window_ms[some]), block_title(some))
second_line = sprintf('What it costs: CPU time of build + drop + rebuild against %s; %s, %s%s.', baseline, \
    workload[some], joined(shapes), rounds_text)
footnote = not_drawn.(unpriced == 0 ? '' : count(unpriced, 'cell', 'cells').' without a price not drawn. ') \
    .(no_memory == 0 ? '' : count(no_memory, 'cell', 'cells').' without a silent window not drawn. ') \
    .(others == 0 ? '' : count(others, 'cell', 'cells').' of other workloads and shapes not drawn.')
eval canvas(price_right + 72, plane_bottom + 96)
set label 'The frontier compares tenths of a percent; where intervals overlap, it may run otherwise. Open: the interval has 1 in it, or is too wide.' at screen px(20), py(H - 34) \
    font ',11' textcolor rgb grey
set label second_line at screen px(20), py(72) textcolor rgb grey
eval area(0, W, 0, H)
set xrange [0:W]
set yrange [H:0]
unset xtics
unset ytics
pad = 0.06 * log(high / low) + 0.03
share(p) = (log(p / low) + pad) / (log(high / low) + 2 * pad)
plane_x(p) = plane_left + (plane_right - plane_left) * share(p)
row_x(p) = price_left + (price_right - price_left) * share(p)
plane_y(percent) = plane_bottom - 14 - (plane_height - 28) * percent / 100.0

# Rows stand as high as their points, or as near as there is room.
array order_of[n]
array label_y[n]
ahead(j, i) = drawn(j) && (silent(j) != silent(i) ? silent(j) > silent(i) : price(j) != price(i) ? price(j) > price(i) \
    : before(cell[j], cell[i]))
do for [i=1:rows] { if (drawn(i)) { order_of[1 + sum [j=1:rows] ahead(j, i)] = i } }
label_bottom = -plane_bottom + 10
do for [k=1:n] { label_y[k] = -plane_y(silent(order_of[k])) }
eval spread_labels
do for [k=1:n] { label_y[k] = -label_y[k] }
# Neighbours of about the same height change rows where that makes the lines to them shorter: then lines do not cross.
leader(i, k) = sqrt((plane_right + 8 - plane_x(price(i))) ** 2 + (plane_y(silent(i)) - label_y[k]) ** 2)
do for [pass=1:n] {
    do for [k=1:n-1] {
        a = order_of[k]; b = order_of[k+1]
        if (abs(silent(a) - silent(b)) < 1.5 && leader(a, k) + leader(b, k + 1) > leader(b, k) + leader(a, k + 1) + 0.01) {
            order_of[k] = b; order_of[k+1] = a
        }
    }
}

# --- axes: tics at round prices, 1 first, as many as there is room for ---

round_prices = '1 2 0.5 4 0.25 8 16 0.1 32 1.5 0.8 3 6 0.6 1.2 0.7 0.9 1.1 1.3 1.4 0.95 1.05 0.98 1.02'
has_room(p, taken) = 0 == sum [k=1:words(taken)] (abs(axis_x(real(word(taken, k))) - axis_x(p)) < 40)
axis_y = plane_bottom + 18
do for [axis in 'plane row'] {
    eval 'axis_x(p) = '.axis.'_x(p)'
    taken = ''
    do for [p in round_prices] {
        if (real(p) >= low * exp(-pad) && real(p) <= high * exp(pad) && has_room(real(p), taken)) {
            taken = taken.' '.p
            set arrow from first axis_x(real(p)), first_top to first axis_x(real(p)), plane_bottom nohead back \
                lc rgb (p eq '1' ? grey : '#DDDDDD') lw (p eq '1' ? 0.8 : 0.5) dt 1 + (p eq '1')
            set label p.'×' at first axis_x(real(p)), axis_y center textcolor rgb grey
        }
    }
}
do for [percent=0:100:25] {
    set arrow from first plane_left, plane_y(percent) to first plane_right, plane_y(percent) nohead back lc rgb '#DDDDDD' lw 0.5
    set label sprintf('%d %%', percent) at first plane_left - 8, plane_y(percent) right textcolor rgb grey
}
set label '← cheaper' at first plane_left, axis_y + 19 textcolor rgb grey font ',11'
set label 'dearer →' at first plane_right, axis_y + 19 right textcolor rgb grey font ',11'

# --- the key, in the glyphs of the plane ---

key_y = 104
key_x = 20
set arrow from first key_x, key_y to first key_x + 24, key_y nohead lc rgb '#000000' lw 1.8
set label 'frontier: least held for the price' at first key_x + 32, key_y textcolor rgb grey
key_x = key_x + 262
if (another > 0) {
    set arrow from first key_x, key_y to first key_x + 24, key_y nohead lc rgb '#000000' dt 3 lw 1.4
    set label 'the same after ticking' at first key_x + 32, key_y textcolor rgb grey
    key_x = key_x + 192
}
if (moved > 0) {
    set arrow from first key_x, key_y to first key_x + 22, key_y nohead lc rgb grey lw 0.8
    set label '' at first key_x + 22, key_y point pt 2 ps 0.7 lw 1.2 lc rgb grey
    set label 'held after ticking' at first key_x + 34, key_y textcolor rgb grey
    key_x = key_x + 176
}
set label '' at first key_x + 6, key_y point pt 6 ps 1.2 lw 1.4 lc rgb grey
set label 'open: no difference shown' at first key_x + 18, key_y textcolor rgb grey
set label '' at first key_x + 220, key_y point pt 7 ps 1.2 lc rgb '#CCCCCC'
set label 'dim: off the frontier' at first key_x + 232, key_y textcolor rgb grey
set label 'held after:' at first names_at, first_top - 14 textcolor rgb grey
set label 'silence' at first silent_at, first_top - 14 right textcolor rgb grey
if (any_ticking > 0) { set label 'ticking' at first ticking_at, first_top - 14 right textcolor rgb grey }
set label 'price and interval' at first price_left, first_top - 14 textcolor rgb grey

percent_text(percent) = !known(percent) ? '–' : percent < 99.95 && percent >= 9.95 || percent >= 99.95 ? sprintf('%.0f %%', percent) : sprintf('%.1f %%', percent)
do for [k=1:n] {
    i = order_of[k]
    ink = best(i) ? '#000000' : grey
    face = best(i) ? bold : 'DejaVu Sans,12'
    set label full_name(i) at first names_at, label_y[k] textcolor rgb ink font face
    set label percent_text(silent(i)) at first silent_at, label_y[k] right textcolor rgb ink
    if (any_ticking > 0) { set label percent_text(ticking(i)) at first ticking_at, label_y[k] right textcolor rgb ink }
    set label sprintf('%.2f×', price(i)) at first W - 16, label_y[k] right textcolor rgb ink
}

# --- the staircase: column k is the k-th of the frontier by price; its steps go down and right ---

stairs = ''
steps_of = "array step_x[2*m+2]; array step_y[2*m+2]; at = 0; step_x[1] = 0; \
    do for [k=1:m] { step_x[2*k-1] = plane_x(price(steps[k])); step_x[2*k] = step_x[2*k-1] }; \
    step_y[1] = first_top; do for [k=1:m] { step_y[2*k] = plane_y(step_kept(steps[k])); step_y[2*k+1] = step_y[2*k] }; \
    step_x[2*m+1] = plane_right; step_x[2*m+2] = plane_right; step_y[2*m+2] = step_y[2*m+1]"
sorted = "m = int(sum [i=1:rows] on_stairs(i)); array steps[m]; \
    do for [i=1:rows] { if (on_stairs(i)) { steps[1 + sum [j=1:rows] (on_stairs(j) && (price(j) < price(i) || (price(j) == price(i) && j < i)))] = i } }"
if (another > 0) {
    on_stairs(i) = best_ticking[i]
    step_kept(i) = ticking(i)
    eval sorted
    eval steps_of
    do for [k=1:2*m] {
        set arrow from first step_x[k], step_y[k] to first step_x[k+1], step_y[k+1] nohead lc rgb '#000000' dt 3 lw 1.4
    }
}
on_stairs(i) = best_silent[i]
step_kept(i) = silent(i)
eval sorted
eval steps_of

array row_of[rows]
do for [k=1:n] { row_of[order_of[k]] = k }
row_y(i) = label_y[row_of[i]]
hue(i) = lighter(colour(allocator_place(i)), best(i) ? 1 : 0.5)
bar_hue(i) = lighter(colour(allocator_place(i)), best(i) ? 0.75 : 0.35)
glyph(i) = shows_none(i) ? shape_open(allocator_place(i)) : shape_full(allocator_place(i))
under(i) = shape_full(allocator_place(i))
ticked(i) = ticks(i) && abs(silent(i) - ticking(i)) >= 1
# What is not to be drawn lies outside the axes.
x(i) = drawn(i) ? plane_x(price(i)) : -1e6
yy(i) = drawn(i) ? plane_y(silent(i)) : -1e6
rx(i) = drawn(i) ? row_x(price(i)) : -1e6
ry(i) = drawn(i) ? row_y(i) : -1e6
left(f, i) = drawn(i) ? f : -1e6
plot cell using (x($1)):(yy($1)):(drawn($1) ? plane_right + 8 - x($1) : 0):(drawn($1) ? row_y($1) - yy($1) : 0) with vectors nohead lc rgb pale lw 0.6, \
    cell using (drawn($1) ? plane_right + 8 : -1e6):(ry($1)):(drawn($1) ? 8 : 0):(0) with vectors nohead lc rgb pale lw 0.6, \
    cell using (drawn($1) ? plane_x(low_price($1)) : -1e6):(yy($1)):(drawn($1) ? plane_x(high_price($1)) - plane_x(low_price($1)) : 0):(0):(bar_hue($1)) \
        with vectors nohead lc rgb variable lw 1.2, \
    cell using (ticked($1) ? x($1) : -1e6):(yy($1)):(0):(ticked($1) ? plane_y(ticking($1)) - yy($1) : 0):(hue($1)) with vectors nohead lc rgb variable lw 0.8, \
    step_x using (step_x[$1]):(step_y[$1]) with lines lc rgb '#000000' lw 1.8, \
    cell using (ticked($1) ? x($1) : -1e6):(ticked($1) ? plane_y(ticking($1)) : 0):(hue($1)) with points pt 2 ps 0.7 lw 1.2 lc rgb variable, \
    cell using (x($1)):(yy($1)):(under($1)) with points pt variable ps 1.2 lc rgb 'white', \
    cell using (x($1)):(yy($1)):(glyph($1)):(hue($1)) with points pt variable ps 1.2 lw 1.4 lc rgb variable, \
    cell using (drawn($1) ? row_x(low_price($1)) : -1e6):(ry($1)):(drawn($1) ? row_x(high_price($1)) - row_x(low_price($1)) : 0):(0):(bar_hue($1)) \
        with vectors nohead lc rgb variable lw 2.5, \
    cell using (rx($1)):(ry($1)):(under($1)) with points pt variable ps 1.1 lc rgb 'white', \
    cell using (rx($1)):(ry($1)):(glyph($1)):(hue($1)) with points pt variable ps 1.1 lw 1.4 lc rgb variable
