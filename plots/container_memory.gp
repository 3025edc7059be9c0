# How much memory has the container left while requests come, with and without a release?
# What an operator sees: the limit less the working set, over time. One panel per allocator and setting, one line per walk of
# the plan; where each request begins, and where the kernel killed it.
question = 'How much memory has the container left while requests come, with and without a release?'
statuses = 'ok oom'
load plots.'/style.gp'

if (rows == 0 || !has('cgroup_baseline_working_bytes')) {
    eval nothing('This run has no cell with samples of a cgroup: there is nothing to draw.')
    exit
}
eval texts('status limit_bytes samples_file ended_in')
eval numbers('cgroup_baseline_working_bytes cgroup_silent_working_bytes requests killed_in_request runs runs_oom')
drawn(i) = limit_bytes[i] ne '' && samples_file[i] ne '' && known(cgroup_baseline_working_bytes[i])
cells = sum [i=1:rows] drawn(i)
if (cells == 0) {
    eval nothing('This run has no cell with samples of a cgroup: there is nothing to draw.')
    exit
}

# --- the lines: a walk is a colour, the plan's own is grey; the panels: what differs in nothing but the walk ---

walks = ''
limit = 0
do for [i=1:rows] {
    if (drawn(i)) {
        limit = larger(limit, real(limit_bytes[i]))
        if (walk[i] ne '') { walks = put(walks, walk[i]) }
    }
}
hue(i) = walk[i] eq '' ? 0x222222 : int(word('0x222222 0x0072B2 0xD55E00 0x009E73 0xCC79A7', (place_in(walks, walk[i]) - 1) % 5 + 1))
base_name(i) = walk[i] eq '' ? cell[i] : cell[i][1:strlen(cell[i]) - strlen('/walk-'.walk[i])]
killed(i) = status[i] eq 'oom'
leads(i) = drawn(i) && 0 == sum [j=1:i-1] (drawn(j) && base_name(j) eq base_name(i))
panels = int(sum [i=1:rows] leads(i))

# Runtimes with a program of their own have the smaller block: they come first. Then allocators by name, settings by policy,
# the default before others of its policy.
program(i) = workload[i].'/'.shape[i]
size(i) = sum [j=1:rows] (drawn(j) && program(j) eq program(i))
rank(i) = 100 * allocator_place(i) + 10 * place_in(policies, policy[i]) + (setting[i] ne 'default')
ahead(j, i) = size(j) != size(i) ? size(j) < size(i) : program(j) ne program(i) ? before(program(j), program(i)) \
    : rank(j) != rank(i) ? rank(j) < rank(i) : before(cell[j], cell[i])
array panel_of[panels]
do for [i=1:rows] { if (leads(i)) { panel_of[1 + sum [j=1:rows] (leads(j) && ahead(j, i))] = i } }

# --- time is the process's own, from its start ---

array begin_ms[rows]; array last_ms[rows]; array last_bytes[rows]
longest_ms = 0
kills = 0
eval csv_on
do for [i=1:rows] {
    if (drawn(i)) {
        begin_ms[i] = NaN; last_ms[i] = 0; last_bytes[i] = 0
        stats run.'/'.samples_file[i] using (begin_ms[i] = known(begin_ms[i]) ? begin_ms[i] : column('time_ms'), last_ms[i] = column('time_ms'), \
            last_bytes[i] = strcol('cgroup_working_bytes') eq '' || strcol('phase') eq 'end' ? last_bytes[i] : real(strcol('cgroup_working_bytes')), 0) nooutput
        longest_ms = larger(longest_ms, last_ms[i] - begin_ms[i])
        kills = kills + killed(i)
    }
}

# --- the page ---

unit = limit > 1e9 ? 1e9 : 1e6

columns = panels < 3 ? panels : 3
panel_width = 280
panel_height = 96
pitch_x = 350
words_height = 15 * larger(1, words(walks))
pitch_y = panel_height + words_height + 58
left_edge = 62
first_top = 138 + words_height
page_rows = (panels + columns - 1) / columns
asked = sum [i=1:rows] (drawn(i) && known(requests[i]))
lived = int(sum [i=1:rows] (drawn(i) && !killed(i) && !(runs_oom[i] > 0)))
subtitle = sprintf('Limit less working set (usage without the page cache nobody uses), at a limit of %s. %d of %d cells live through all of it.', \
    amount(limit), lived, cells)
footnote = not_drawn.'Under a name: what is left after the first silence. Time is the process’s own; what it waited for its turn is left out.'
page_width = larger(left_edge + pitch_x * columns, 1090)
eval canvas(page_width, first_top + pitch_y * page_rows + 20)

# --- the key ---

x = left_edge
do for [k=1:words(walks)] {
    set arrow from screen px(x), py(84) to screen px(x + 24), py(84) nohead lw 2 lc rgb int(word('0x222222 0x0072B2 0xD55E00 0x009E73 0xCC79A7', (k - 1) % 5 + 1))
    set label word(walks, k) at screen px(x + 30), py(84) textcolor rgb grey
    x = x + 60 + 8 * strlen(word(walks, k))
}
set label '' at screen px(x + 6), py(84) point pt 7 ps 0.7 lc rgb grey
set label asked > 0 ? 'a request begins' : 'a build begins' at screen px(x + 16), py(84) textcolor rgb grey
if (kills > 0) {
    set label '' at screen px(x + 166), py(84) point pt 2 ps 1 lw 2.5 lc rgb grey
    set label 'killed by the kernel at the limit' at screen px(x + 178), py(84) textcolor rgb grey
}

# --- the panels ---

left_over(i) = known(cgroup_silent_working_bytes[i]) ? amount(real(limit_bytes[i]) - cgroup_silent_working_bytes[i]) : 'none'
fate(i) = !killed(i) ? (runs_oom[i] > 0 ? sprintf('killed in %d of %d', runs_oom[i], runs[i]) : '') \
    : known(killed_in_request[i]) ? sprintf('killed in request %d', killed_in_request[i]) : 'killed in '.ended_in[i]
set multiplot
set xrange [0:1.01 * longest_ms / 1e3]
set yrange [0:1.04 * limit / unit]
set tics textcolor rgb grey font ',10'
# A tic's label takes some 40 pixels: six of them at most.
set xtics format '%g s' 0, longest_ms < 60e3 ? 10 : longest_ms < 120e3 ? 20 : longest_ms < 300e3 ? 50 : 20 * ceil(longest_ms / 120e3)
set ytics format unit == 1e9 ? '%g GB' : '%g MB' 0, limit > 2e9 ? 1 : limit > 1e9 ? 0.5 : limit > 2e8 ? 100 : 10
set grid ytics lc rgb '#DDDDDD' lw 0.5

seconds(i) = (column('time_ms') - begin_ms[i]) / 1e3
available(i) = strcol('cgroup_working_bytes') eq '' || strcol('phase') eq 'end' ? NaN : (real(limit_bytes[i]) - column('cgroup_working_bytes')) / unit
step_was = -1
last_available = 0
entering(i) = (was = step_was, step_was = column('step'), last_available = strcol('cgroup_working_bytes') eq '' ? last_available : available(i), \
    was != step_was && (strcol('phase') eq 'build' || strcol('phase') eq 'rebuild') ? last_available : -1)

do for [panel=1:panels] {
    head = panel_of[panel]
    panel_left = left_edge + pitch_x * ((panel - 1) % columns)
    panel_top = first_top + pitch_y * ((panel - 1) / columns)
    eval area(panel_left, panel_left + panel_width, panel_top, panel_top + panel_height)
    unset object
    set object rectangle from graph 0, graph 0 to graph 1, graph 1 fc rgb '#F7F7F7' fs solid noborder behind
    set arrow from graph 0, first limit / unit to graph 1, first limit / unit nohead lc rgb grey dt 2 lw 1
    set label allocator[head].' '.setting[head] at screen px(panel_left), py(panel_top - 19 - words_height) font ',13'
    mine(i) = drawn(i) && base_name(i) eq base_name(head)
    n = int(sum [i=1:rows] mine(i))
    array line[n]
    do for [i=1:rows] { if (mine(i)) { line[1 + sum [j=1:rows] (mine(j) && before(walk[j], walk[i]))] = i } }
    do for [k=1:n] {
        set label left_over(line[k]).(fate(line[k]) eq '' ? '' : ', '.fate(line[k])) at screen px(panel_left), py(panel_top - words_height + 15 * k - 16) font ',10' textcolor rgb hue(line[k])
        if (killed(line[k])) {
            set label '' at first (last_ms[line[k]] - begin_ms[line[k]]) / 1e3, first (limit - last_bytes[line[k]]) / unit point pt 2 ps 1 lw 2.5 lc rgb hue(line[k]) front
        }
    }
    file(k) = run.'/'.samples_file[line[k]]
    plot for [k=1:n] file(k) using (seconds(line[k])):(available(line[k])) with steps lw (k == 1 ? 2.4 : 1.6) lc rgb hue(line[k]), \
        for [k=1:n] file(k) using (seconds(line[k])):(entering(line[k])) with points pt 7 ps 0.6 lc rgb hue(line[k])
    unset label
    unset arrow
}
unset multiplot
