/* Floors: selected by their names alone, proven like any allocator, told from others by the column role. And the
 * allocator `bump` itself, loaded here beside the test's own. */
#include <dlfcn.h>

#include "program.h"

#define LIBRARY TEST_BUILD_DIR "/bench/floor/libfloor-bump.so"

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\n"                     \
    "walk = build hold drop rebuild redrop purge\n"                                                          \
    "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"                                    \
    "[cells c]\nallocators = bump glibc\nsettings = default\nworkloads = null hash_open\nshapes = s\n"

static void check_proves_a_floor_and_says_that_it_is_one(void **state)
{
    g_auto(program_outcome) outcome = {0};
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded there */
    program_run(&outcome, "check", "bump");
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "  library   " LIBRARY "\n  role      floor\n");
    support_assert_has(outcome.out, "owns      malloc free calloc realloc posix_memalign aligned_alloc");
}

static void no_glob_matches_a_floor(void **state)
{
    g_auto(program_outcome) check = {0}, list = {0};
    (void)state;
    program_run(&check, "check", "bum*");
    program_assert_code(&check, EXIT_USAGE);
    support_assert_has(check.err, "there is no allocator \"bum*\"");
    program_run(&list, "list", "--plan", "smoke", "--only", "glibc/*");
    program_assert_code(&list, EXIT_PROVEN);
    support_assert_has_not(list.out, "bump/");
}

/* With the estimate of memory, which its arena exceeds by far at this size. */
static void rows_say_who_is_a_floor(void **state)
{
    g_auto(program_outcome) outcome = {0};
    if (TEST_SANITIZED)
        skip();
    g_autofree char *plan = support_new_file(*state, "plan.ini", PLAN);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    program_run(&outcome, "run", "--quiet", "--plan", plan, "--out", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has_not(outcome.err, "the estimate of memory was too low");
    static const char *const tables[] = {"runs.csv", "summary.csv"};
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autoptr(csv_table) table = program_table(run, tables[i]);
        assert_int_equal(csv_rows(table), 4);
        assert_int_equal(program_count_ok(table), 4);
        for (guint row = 0; row < 4; row++)
            assert_string_equal(program_text(table, row, "role"),
                                strcmp(program_text(table, row, "allocator"), "bump") == 0 ? "floor" : "");
    }
}

/* --- its functions --- */

static struct {
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    size_t (*malloc_usable_size)(void *);
} its;

static void *function_of(void *handle, const char *name)
{
    Dl_info info;
    void *address = dlsym(handle, name);
    if (!address || dladdr(address, &info) == 0 || strcmp(info.dli_fname, LIBRARY) != 0)
        fail_msg(LIBRARY " does not define %s", name);
    return address;
}

static int load(void **state)
{
    (void)state;
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        fail_msg("%s", dlerror());
#define LOAD(name)                                                                                           \
    do {                                                                                                     \
        void *address = function_of(handle, #name);                                                          \
        memcpy(&its.name, &address, sizeof address);                                                         \
    } while (0)
    LOAD(malloc);
    LOAD(free);
    LOAD(calloc);
    LOAD(realloc);
    LOAD(posix_memalign);
    LOAD(aligned_alloc);
    LOAD(malloc_usable_size);
#undef LOAD
    return 0;
}

static void with_the_last_live_block_the_arena_begins_again(void **state)
{
    (void)state;
    char *first = its.malloc(10), *second = its.malloc(10);
    its.free(first);
    char *third = its.malloc(10);
    assert_true(first < second && second < third); /* one lives, so nothing is used twice */
    its.free(third);
    its.free(NULL);
    its.free(second);
    assert_ptr_equal(its.malloc(10), first);
    its.free(first);
}

static void a_block_that_moves_counts_once(void **state)
{
    (void)state;
    char *first = its.malloc(100), *moved = its.realloc(memset(first, 'x', 100), 5000);
    assert_true(moved > first);
    assert_int_equal(moved[99], 'x');
    assert_int_equal(its.malloc_usable_size(moved), 5000);
    its.free(moved);
    assert_ptr_equal(its.malloc(1), first);
    its.free(first);
}

static void what_is_zeroed_is_zero_in_an_arena_that_was_used_before(void **state)
{
    (void)state;
    its.free(memset(its.malloc(5000), 'x', 5000));
    char *half_used = its.calloc(100, 100);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(half_used[i], 0);
    its.free(half_used);
}

static void blocks_are_aligned_as_asked(void **state)
{
    (void)state;
    void *block = NULL;
    for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
        assert_int_equal((uintptr_t)its.malloc(1) % 16, 0);
        assert_int_equal((uintptr_t)its.aligned_alloc(alignment, 1) % alignment, 0);
        assert_int_equal(its.posix_memalign(&block, alignment, 1), 0);
        assert_int_equal((uintptr_t)block % alignment, 0);
    }
}

/* Larger than what is prefaulted, and not a whole number of steps. */
static void what_needs_more_than_is_there_gets_it(void **state)
{
    (void)state;
    const size_t bytes = ((size_t)400 << 20) + 1;
    char *block = its.malloc(bytes);
    assert_non_null(block);
    block[bytes - 1] = 'x';
    its.free(block);
}

/* A volatile size, or the compiler refuses what the allocator must. */
static void what_cannot_be_is_NULL(void **state)
{
    (void)state;
    volatile size_t most = SIZE_MAX;
    assert_null(its.malloc(most));
    assert_null(its.malloc(most / 2));
    assert_null(its.calloc(most, 2));
    assert_null(its.malloc((size_t)1 << 40));
    assert_null(its.aligned_alloc((size_t)1 << 63, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_proves_a_floor_and_says_that_it_is_one),
        cmocka_unit_test(no_glob_matches_a_floor),
        SUPPORT_TEST(rows_say_who_is_a_floor),
        cmocka_unit_test_setup(with_the_last_live_block_the_arena_begins_again, load),
        cmocka_unit_test_setup(a_block_that_moves_counts_once, load),
        cmocka_unit_test_setup(what_is_zeroed_is_zero_in_an_arena_that_was_used_before, load),
        cmocka_unit_test_setup(what_needs_more_than_is_there_gets_it, load),
        cmocka_unit_test_setup(what_cannot_be_is_NULL, load),
        cmocka_unit_test_setup(blocks_are_aligned_as_asked, load), /* last: it frees none */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
