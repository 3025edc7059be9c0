# What all figures share: the file to write, fonts, colours and shapes, and the ok rows of summary.csv as arrays.
# scripts/plot sets run, plots, name and format (svg or png); a figure sets `question` and loads this file. One that
# draws rows of another status, too, sets `statuses`; one that draws another run folder than run sets `folder`.
if (!exists('statuses')) { statuses = 'ok' }
if (!exists('folder')) { folder = run }
set encoding utf8
set decimalsign '.'

# --- the page: sizes in pixels, from the top left; canvas() is for eval, as soon as the height is known ---

grey = '#666666'
pale = '#BBBBBB'
subtitle = ''
footnote = ''
W = 1000
H = 200
px(x) = x / real(W)
py(y) = 1 - y / real(H)
area(left, right, top, bottom) = sprintf( \
    'set lmargin at screen %.6f; set rmargin at screen %.6f; set tmargin at screen %.6f; set bmargin at screen %.6f', \
    px(left), px(right), py(top), py(bottom))
# 12 points are 12 pixels in SVG and 16 in pngcairo, hence the 0.75.
terminal(scale) = format eq 'png' \
    ? sprintf('set terminal pngcairo rounded size %d,%d fontscale %.3f linewidth %.1f pointscale %.1f', \
              scale * W, scale * H, 0.75 * scale, scale, scale) \
    : sprintf('set terminal svg rounded size %d,%d', W, H)
# SVG would take the face for a part of the font's name.
bold = format eq 'png' ? 'DejaVu Sans:Bold,12' : 'DejaVu Sans,12'
canvas(w, h) = (W = w, H = h, terminal(1.5) \
    .' noenhanced font "DejaVu Sans,12" background "white"; set output run."/plots/".name.".".format;' \
    .'set label 901 question at screen px(20), py(30) font ",18";' \
    .'set label 902 subtitle at screen px(20), py(54) textcolor rgb grey;' \
    .'set label 903 footnote at screen px(20), py(H - 16) font ",11" textcolor rgb grey')
# A figure with nothing to show says so, and makes no file.
nothing(text) = sprintf('print "plot: %s: %s"', name, text)

# --- words ---

known(x) = x == x
larger(a, b) = known(b) && b > a ? b : a
smaller(a, b) = known(b) && b < a ? b : a
amount(bytes) = !known(bytes) ? '–' : bytes == 0 ? '0' : abs(bytes) >= 1e9 ? sprintf('%.2f GB', bytes / 1e9) \
    : abs(bytes) >= 99.5e6 ? sprintf('%.0f MB', bytes / 1e6) : abs(bytes) >= 1e6 ? sprintf('%.1f MB', bytes / 1e6) \
    : sprintf('%.0f kB', bytes / 1e3)
duration(ms) = !known(ms) ? '–' : ms == 0 ? '0' : ms >= 1000 ? sprintf('%.3g s', ms / 1e3) : sprintf('%.3g ms', ms)
count(n, one, many) = sprintf('%d %s', n, n == 1 ? one : many)

# a comes before b, by name; gnuplot compares strings for equality only.
letters = '-./0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
before(a, b) = a eq b || b eq '' ? 0 : a eq '' ? 1 : a[1:1] eq b[1:1] ? before(a[2:*], b[2:*]) \
    : strstrt(letters, a[1:1]) < strstrt(letters, b[1:1])
# A sorted list of words, with one more put in (once).
tail(list) = words(list) < 2 ? '' : list[strlen(word(list, 1)) + 2:*]
put(list, w) = list eq '' ? w : w eq word(list, 1) ? list : before(w, word(list, 1)) ? w.' '.list \
    : word(list, 1).' '.put(tail(list), w)
place_in(list, w) = sum [k=1:words(list)] (word(list, k) eq w ? k : 0)

# --- colours (Okabe and Ito's, grey for their yellow) and shapes: an allocator has both by the order of its name ---

colour(k) = int(word('0x0072B2 0xD55E00 0x009E73 0xCC79A7 0xE69F00 0x56B4E9 0x777777 0x000000', (k - 1) % 8 + 1))
shape_full(k) = int(word('7 5 9 13 11 15 3 1', (k - 1) % 8 + 1))
shape_open(k) = int(word('6 4 8 12 10 14 2 2', (k - 1) % 8 + 1))
mix(c, part) = int(255 - (255 - c) * part)
lighter(rgb, part) = mix((rgb >> 16) & 255, part) * 65536 + mix((rgb >> 8) & 255, part) * 256 + mix(rgb & 255, part)
policies = 'default eager delayed lazy never'
policy_colour(p) = int(word('0x777777 0x000000 0xD55E00 0x0072B2 0x009E73 0xCC79A7', place_in(policies, p) + 1))

# A status is one of `statuses`.
wanted(status) = place_in(statuses, status) > 0

# --- the ok rows: after eval numbers('peak_rss_bytes'), peak_rss_bytes[1] to [rows] hold that column, NaN if empty ---

summary = folder.'/summary.csv'
set datafile separator comma
lines = 0
stats summary using (lines = lines + 1, 0) nooutput
# What an older summary.csv does not have must not be asked for: has('column').
header = ' '
last_column = STATS_columns
stats summary every ::0::0 using (sum [k=1:last_column] (header = header.strcol(k).' ', 0)) nooutput
has(column_name) = strstrt(header, ' '.column_name.' ') > 0
set datafile columnheaders
rows = 0
all_rows = 0
allocators = ''
# Floors (role=floor) come behind the others: nobody else's colour depends on whether one ran.
floors = ''
is_floor(role) = role eq 'floor'
text(column_name) = has(column_name) ? strcol(column_name) : ''
# A table of nothing but its header makes stats complain.
if (lines > 1) {
    stats summary using (all_rows = all_rows + 1, rows = rows + wanted(strcol('status')), \
        is_floor(text('role')) ? (floors = put(floors, strcol('allocator'))) \
        : (allocators = put(allocators, strcol('allocator'))), 0) nooutput
}
allocators = allocators.(allocators eq '' || floors eq '' ? '' : ' ').floors
number(column_name) = strcol(column_name) eq '' ? NaN : real(strcol(column_name))
column_array(c, value) = sprintf("array %s[rows]; at = 0; stats summary using \
    (wanted(strcol('status')) ? (at = at + 1, %s[at] = %s('%s'), 0) : 0) nooutput; ", c, c, value, c)
arrays(list, value) = list eq '' ? '' : column_array(word(list, 1), value).arrays(tail(list), value)
csv_on = 'set datafile separator comma; set datafile columnheaders; set datafile missing NaN; '
csv_off = 'set datafile separator whitespace; unset datafile columnheaders; '
numbers(list) = csv_on.arrays(list, 'number').csv_off
texts(list) = csv_on.arrays(list, 'strcol').csv_off

asked_mode(name) = strstrt(name, '/thp-') > 0 ? '/'.name[strstrt(name, '/thp-')+5:strlen(name)] : ''

# A block: the cells of one workload, shape and named walk. main_block is the one with the most cells.
main_block = ''
if (rows > 0) {
    eval texts('cell allocator setting policy workload shape order')
    eval numbers('baseline_rss_bytes live_bytes runs_ok')
    array role[rows]
    do for [i=1:rows] { role[i] = '' }
    if (has('role')) { eval texts('role') }
    # Where the plan asked for THP modes there are several cells of one setting: the mode tells them apart.
    do for [i=1:rows] { setting[i] = setting[i].asked_mode(cell[i]) }
    # walk[i]: '' is the plan's own.
    array walk[rows]
    do for [i=1:rows] { walk[i] = '' }
    if (has('walk')) { eval texts('walk') }
    array block[rows]
    array block_size[rows]
    do for [i=1:rows] { block[i] = workload[i].'/'.shape[i].(walk[i] eq '' ? '' : '/'.walk[i]) }
    do for [i=1:rows] { block_size[i] = sum [j=1:rows] (block[j] eq block[i]) }
    largest = 1
    do for [i=2:rows] {
        if (block_size[i] > block_size[largest] \
            || (block_size[i] == block_size[largest] && before(block[i], block[largest]))) { largest = i }
    }
    main_block = block[largest]
}
allocator_place(i) = place_in(allocators, allocator[i])
over(bytes, i) = bytes - baseline_rss_bytes[i]
block_title(i) = sprintf('%s, %s%s: %s live, dropped in %s order', workload[i], shape[i], (walk[i] eq '' ? '' : ', walk '.walk[i]), amount(live_bytes[i]), order[i])
not_drawn = all_rows == rows ? '' : count(all_rows - rows, 'cell is', 'cells are').' not '.(words(statuses) > 1 ? 'proven' : 'ok').' and not drawn. '

# --- rows under headings, a heading per block, the largest block first ---
# A figure defines shown(i) and sort_key(i), least first; eval place_rows makes y[i], first[i] and rows_height.

row_height = 18
heading_height = 30
block_above(j, i) = block_size[j] != block_size[i] ? block_size[j] > block_size[i] : before(block[j], block[i])
above(j, i) = !shown(j) ? 0 : block[j] ne block[i] ? block_above(j, i) \
    : sort_key(j) != sort_key(i) ? sort_key(j) < sort_key(i) : before(cell[j], cell[i])
first_of_block(i) = shown(i) && 0 == sum [j=1:rows] (block[j] eq block[i] && above(j, i))
rows_above(i) = sum [j=1:rows] above(j, i)
headings_above(i) = sum [j=1:rows] (first[j] && (j == i || above(j, i)))
place_rows = "array y[rows]; array first[rows]; rows_height = 0; \
    do for [i=1:rows] { first[i] = first_of_block(i) }; \
    do for [i=1:rows] { y[i] = row_height * (rows_above(i) + 0.5) + heading_height * headings_above(i); \
        if (shown(i) && y[i] > rows_height) { rows_height = y[i] } }; rows_height = rows_height + row_height"

# --- labels in a column that would stand on each other: label_y[1..n], from the top, at least label_gap apart ---

spread_labels = "do for [k=2:n] { if (label_y[k] > label_y[k-1] - label_gap) { label_y[k] = label_y[k-1] - label_gap } }; \
    if (label_y[n] < label_bottom) { label_y[n] = label_bottom; \
        do for [k=n-1:1:-1] { if (label_y[k] < label_y[k+1] + label_gap) { label_y[k] = label_y[k+1] + label_gap } } }"

# White, for the round ends of tics without length would be dots.
set border 0 lc rgb 'white'
set tics scale 0 nomirror
unset key
