/* A plan: refused with its place, or expanded to cells that are unique, whose names can become file names
 * inside the run folder, and whose runs the driver accepts. */
#include "driver/params.h"
#include "folder.h"
#include "fuzz_ini.h"
#include "plan.h"
#include "run.h"

#define CELLS_MAX 20000u /* beyond, only the count is looked at: a plan of 4 KB can mean millions */

static const char with_purge[] = "[allocator]\n"
                                 "summary = settings of each policy\n"
                                 "purge = purge_it(0)\n"
                                 "[setting default]\n"
                                 "policy = default\n"
                                 "[setting eager]\n"
                                 "policy = eager\n"
                                 "env.DECAY_MS = 0\n"
                                 "[setting late]\n"
                                 "policy = delayed\n"
                                 "delay-ms = 10000\n";
static const char without_purge[] = "[allocator]\n"
                                    "summary = no purge, no setting but the default\n"
                                    "preload = libother.so.1\n"
                                    "[setting default]\n"
                                    "policy = default\n";

static const char built_in[] = "[allocator]\n"
                               "summary = built into its programs\n"
                               "programs = go_map own\n"
                               "headroom = 2\n"
                               "collect = own.Collect()\n"
                               "[setting default]\n"
                               "policy = default\n";

static void write_descriptor(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_mkdir_with_parents(folder, 0777) == 0 && g_file_set_contents(path, text, -1, NULL));
}

/* Named as in the plans of the suite, which are seeds. */
static const GPtrArray *all_allocators(void)
{
    static GPtrArray *allocators;
    if (allocators)
        return allocators;
    g_autofree char *folder = g_build_filename(fuzz_folder(), "allocators", NULL);
    const char *const folders[] = {folder, NULL};
    g_autoptr(GError) error = NULL;
    write_descriptor(folder, "glibc.ini", with_purge);
    write_descriptor(folder, "other.ini", without_purge);
    write_descriptor(folder, "go.ini", built_in);
    allocators = allocator_read_all(folders, &error);
    g_assert_no_error(error);
    return allocators;
}

static void assert_is_plan(const struct plan *plan)
{
    g_assert_true(plan->summary && *plan->summary && strchr(plan->baseline, '/'));
    g_assert_true(plan->repeat >= 1 && plan->repeat <= 1000 && plan->rounds >= 1 && plan->rounds <= 1000);
    g_assert_true(plan->groups->len + plan->costs->len > 0);
    g_assert_true(plan->walk->len >= 1 && plan->walk->len <= PROTOCOL_WALK_MAX);
    for (guint i = 0; i < plan->walks->len; i++) {
        const GPtrArray *steps = ((const struct plan_walk *)plan->walks->pdata[i])->steps;
        g_assert_true(steps->len >= 1 && steps->len <= PROTOCOL_WALK_MAX);
    }
    /* Deadlines are added up in ns. */
    g_assert_cmpuint(plan->timeout_ms, <=, G_MAXUINT32);
    g_assert_cmpuint(plan->silent_ms, <=, G_MAXUINT32);
    g_assert_cmpuint(plan->ticking_ms, <=, G_MAXUINT32);
}

static void assert_is_estimated(const struct plan *plan, const struct plan_cell *cell)
{
    const struct plan_shape *shape = cell->shape;
    uint64_t peak = plan_expected_peak_bytes(plan, cell), busy_ms = plan_expected_busy_ms(cell);
    g_assert_true(peak > shape->records * (shape->strings.low + 1) && peak <= 1000000000000000000);
    g_assert_true(busy_ms >= 100 && busy_ms < G_MAXUINT64 / 1000 / 1000); /* so that sums hold */
}

/* ALLOCATOR/SETTING/WORKLOAD/SHAPE, and a walk and a THP mode where they are asked for, none of which can be "." or
 * ".." or hide a file. */
static void assert_is_cell(const struct plan_cell *cell)
{
    g_auto(GStrv) parts = g_strsplit(cell->name, "/", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, 4 + (cell->walk_name != NULL) + (cell->thp != THP_AS_IS));
    g_assert_nonnull(cell->walk);
    for (char **part = parts; *part; part++) {
        g_assert_true(g_ascii_isalnum(**part));
        g_assert_cmpuint(strspn(*part, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-_"), ==, strlen(*part));
    }
    g_assert_cmpstr(parts[0], ==, cell->allocator->name);
    g_assert_cmpstr(parts[1], ==, cell->setting->name);
    g_assert_cmpstr(parts[2], ==, cell->workload);
    g_assert_cmpstr(parts[3], ==, cell->shape->name);
}

static void assert_are_cells(const struct plan *plan, const GPtrArray *cells)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_assert_cmpuint(cells->len, >, 0);
    for (guint i = 0; i < MIN(cells->len, CELLS_MAX); i++) {
        const struct plan_cell *cell = cells->pdata[i];
        assert_is_cell(cell);
        assert_is_estimated(plan, cell);
        g_assert_true(g_hash_table_add(seen, cell->name));
    }
}

/* Each round has each cell once. */
static void assert_is_schedule(const struct plan *plan, const GPtrArray *cells)
{
    guint rounds = (guint)MIN(plan->repeat, 2);
    g_autoptr(GArray) runs = plan_schedule(cells, rounds, plan->seed);
    g_assert_cmpuint(runs->len, ==, rounds * cells->len);
    for (guint round = 0; round < rounds; round++) {
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        for (guint i = 0; i < cells->len; i++) {
            const struct plan_run *run = &g_array_index(runs, struct plan_run, round * cells->len + i);
            g_assert_cmpuint(run->repeat, ==, round + 1);
            g_assert_true(g_hash_table_add(seen, (gpointer)(uintptr_t)run->cell));
        }
    }
}

/* What the plan lets pass, the driver does not refuse. */
static void assert_driver_accepts(const struct run *run)
{
    struct params params;
    const struct plan_shape *shape = run->what.cell->shape;
    const char *culprit, *wrong = params_read(&params, run->arguments + 1, &culprit);
    if (wrong)
        g_error("the driver refuses %s: %s", culprit, wrong);
    g_assert_cmpuint(params.shape.records, ==, shape->records);
    g_assert_cmpuint(params.shape.strings_max, ==, shape->strings.high);
    g_assert_cmpuint(params.shape.length_min, ==, shape->length.low);
    g_assert_cmpuint(params.shape.survivors_ppm, ==, shape->survivors_ppm);
    g_assert_cmpuint(params.shape.seed, ==, shape->seed);
    g_assert_cmpuint(params.steps, ==, run->steps->len - 2); /* without baseline and end */
}

/* The run's row and samples are written, and lie where they belong. */
static void assert_stays_in_folder(struct folder *folder, struct run *run)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *rows = g_build_filename(folder_path(folder), "runs.csv", NULL);
    struct stat before;
    g_assert_true(stat(rows, &before) == 0);
    run->record.status = g_strdup("ok");
    folder_add(folder, &run->record, run->marks, run->samples, &error);
    g_assert_no_error(error);
    g_autofree char *name = g_path_get_basename(run->record.samples_file);
    g_autofree char *expected = g_build_filename("samples", name, NULL);
    g_autofree char *path = g_build_filename(folder_path(folder), "samples", name, NULL);
    g_assert_cmpstr(run->record.samples_file, ==, expected);
    g_assert_cmpint(*name, !=, '.');
    g_assert_true(unlink(path) == 0 && truncate(rows, before.st_size) == 0);
}

static void run_cell(const struct plan *plan, const struct plan_cell *cell)
{
    static struct folder *folder;
    char *environment[] = {NULL};
    g_autofree char *path = g_build_filename(fuzz_folder(), "run", NULL);
    if (!folder)
        folder = folder_create(path, NULL);
    g_assert_nonnull(folder);
    const struct run_spec spec = {.plan = plan,
                                  .what = {.cell = cell, .repeat = (guint)plan->repeat},
                                  .program = "workload",
                                  .environment = environment};
    struct run *run = run_new(&spec);
    assert_driver_accepts(run);
    assert_stays_in_folder(folder, run);
    run_free(run);
}

static void expand(const struct plan *plan)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) cells = plan_expand(plan, all_allocators(), NULL, &error);
    if (!cells && error->code == EXIT_NO_MATCH) {
        fuzz_assert_error(error, EXIT_NO_MATCH, plan->path);
        return;
    }
    if (!cells) { /* a name that selects nothing */
        const char *said = fuzz_assert_error(error, EXIT_BAD_DATA, plan->path);
        g_assert_true(strstr(said, plan->pass == PLAN_MEMORY ? ": [cells " : ": [cost ") ||
                      (plan->pass == PLAN_MEMORY && strstr(said, ": [claim ")));
        return;
    }
    assert_are_cells(plan, cells);
    assert_is_schedule(plan, cells);
    run_cell(plan, cells->pdata[0]);
    run_cell(plan, cells->pdata[cells->len - 1]);
}

/* Turns the plan to this pass, if it has cells for it, and frees it. */
static void take(struct plan *plan, enum plan_pass pass)
{
    g_autoptr(GError) error = NULL;
    if (plan_take_pass(plan, pass, &error))
        expand(plan);
    else
        fuzz_assert_error(error, EXIT_NO_MATCH, plan->path);
    plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const whole[] = {"the group [plan] is missing",
                                        "there is no [cells NAME] and no [cost NAME] group", NULL};
    const char *path = fuzz_file(data, size);
    g_autoptr(GError) error = NULL;
    struct plan *plan = plan_read(path, &error);
    if (!plan) {
        fuzz_assert_ini_refused(error, path, data, size, whole);
        return 0;
    }
    g_assert_no_error(error);
    fuzz_assert_ini_is_whole(path);
    assert_is_plan(plan);
    bool timed = plan->costs->len > 0;
    take(plan, PLAN_MEMORY);
    if (timed)
        take(plan_read(path, NULL), PLAN_COST);
    return 0;
}
