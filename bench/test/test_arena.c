/* bench/test/controls: every control is a whole allocator, loaded here beside the test's own. By glob: a new
 * one is tested by being there. */
#include <dlfcn.h>

#include "support.h"

#define LIBRARIES TEST_BUILD_DIR "/bench/controls"

static void *function_of(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL); /* never closed: one has a thread */
    Dl_info info;
    if (!handle)
        fail_msg("%s", dlerror());
    void *address = dlsym(handle, name);
    if (!address || dladdr(address, &info) == 0 || strcmp(info.dli_fname, library) != 0)
        fail_msg("%s does not define %s", library, name);
    return address;
}

static void every_control_defines_the_six_functions_and_the_purge(void **state)
{
    (void)state;
    static const char *const names[] = {"malloc",         "free",          "calloc",       "realloc",
                                        "posix_memalign", "aligned_alloc", "control_purge"};
    g_autoptr(GPtrArray) libraries = support_glob(LIBRARIES, "libcontrol-*.so");
    g_autoptr(GPtrArray) sources = support_glob(TEST_SOURCE_DIR "/bench/test/controls", "*.c");
    assert_int_equal(libraries->len, sources->len - 1); /* all but arena.c */
    for (guint i = 0; i < libraries->len; i++)
        for (unsigned n = 0; n < G_N_ELEMENTS(names); n++)
            function_of(libraries->pdata[i], names[n]);
}

/* The functions of `lying`, which keeps its pages. */
static struct {
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
} its;

static int load_lying(void **state)
{
    (void)state;
    static const char library[] = LIBRARIES "/libcontrol-lying.so";
#define LOAD(name)                                                                                           \
    do {                                                                                                     \
        void *address = function_of(library, #name);                                                         \
        memcpy(&its.name, &address, sizeof address);                                                         \
    } while (0)
    LOAD(malloc);
    LOAD(free);
    LOAD(calloc);
    LOAD(realloc);
    LOAD(posix_memalign);
    LOAD(aligned_alloc);
#undef LOAD
    return 0;
}

static bool is_filled(const char *block, char with, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (block[i] != with)
            return false;
    return true;
}

static void blocks_are_aligned_as_asked_and_do_not_overlap(void **state)
{
    (void)state;
    char *blocks[64];
    for (unsigned i = 0; i < 64; i++) {
        size_t alignment = (size_t)16 << i % 9;
        void *block = NULL;
        switch (i % 3) {
        case 0:
            block = its.malloc(i + 1);
            alignment = 16;
            break;
        case 1:
            block = its.aligned_alloc(alignment, i + 1);
            break;
        default:
            assert_int_equal(its.posix_memalign(&block, alignment, i + 1), 0);
        }
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % alignment, 0);
        blocks[i] = memset(block, (int)i, i + 1);
    }
    for (unsigned i = 0; i < 64; i++)
        assert_true(is_filled(blocks[i], (char)i, i + 1));
    for (unsigned i = 0; i < 64; i++)
        its.free(blocks[i]);
}

static void a_block_keeps_its_content_when_it_grows_or_shrinks(void **state)
{
    (void)state;
    char *block = memset(its.realloc(NULL, 100), 'x', 100);
    block = its.realloc(block, 5000);
    assert_true(is_filled(block, 'x', 100));
    block = its.realloc(block, 10);
    assert_true(is_filled(block, 'x', 10));
    its.free(block);
}

static void what_is_zeroed_is_zero_though_the_arena_was_used_before(void **state)
{
    (void)state;
    its.free(memset(its.malloc(10000), 'x', 10000));
    char *block = its.calloc(100, 100);
    assert_true(is_filled(block, 0, 10000));
    its.free(block);
    its.free(NULL);
}

/* A volatile size, or the compiler refuses what the control must. */
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
        cmocka_unit_test(every_control_defines_the_six_functions_and_the_purge),
        cmocka_unit_test_setup(blocks_are_aligned_as_asked_and_do_not_overlap, load_lying),
        cmocka_unit_test_setup(a_block_keeps_its_content_when_it_grows_or_shrinks, load_lying),
        cmocka_unit_test_setup(what_is_zeroed_is_zero_though_the_arena_was_used_before, load_lying),
        cmocka_unit_test_setup(what_cannot_be_is_NULL, load_lying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
