/* What stands in memory before anything is asked of the allocator: libc, the allocator's own, and next to
 * nothing of the driver's. */
#include "harness.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EMPTY TEST_BUILD_DIR "/workloads/test/empty/empty"
#define STARTS 5 /* of which the smallest counts: what is mapped of a library varies with its address */

/* How much more than an empty program: the driver's scratch memory and data, and with them what of the
 * libraries' text is mapped around the functions it calls. */
#define WRITTEN_KIB_MAX 80
#define RSS_KIB_MAX 300

struct memory {
    long rss_kib;     /* -1: the preload is not there */
    long written_kib; /* anonymous: belongs to this process alone */
};

static const char *preload; /* under test; NULL: none */
static struct memory empty;

/* The kernel's exact counts; statm lags behind by what it batches. */
static struct memory read_memory(const struct child *child)
{
    char path[64], line[256];
    struct memory memory = {-1, -1};
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)child->pid);
    FILE *rollup = fopen(path, "re");
    assert_non_null(rollup);
    while (fgets(line, sizeof line, rollup))
        if (sscanf(line, "Rss: %ld", &memory.rss_kib) != 1)
            (void)sscanf(line, "Anonymous: %ld", &memory.written_kib);
    fclose(rollup);
    assert_true(memory.rss_kib > 0 && memory.written_kib >= 0);
    return memory;
}

static bool has_loaded(const struct child *child, const char *library)
{
    char path[64], line[4096];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)child->pid);
    FILE *maps = fopen(path, "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        found = found || strstr(line, workloads_name(library));
    fclose(maps);
    return found;
}

/* At the first line it writes. */
static struct memory measure_once(const char *program)
{
    struct child child;
    char line[PROTOCOL_LINE_MAX], errors[1024];
    struct memory memory = {-1, -1};
    child_start(&child, &(struct start){.program = program, .preload = preload, .fixed_addresses = true});
    assert_true(child_read_line(&child, line));
    child_await_parked(&child);
    if (!preload || has_loaded(&child, preload))
        memory = read_memory(&child);
    child_end_with_errors(&child, errors, sizeof errors);
    return memory;
}

static struct memory measure(const char *program)
{
    struct memory least = measure_once(program);
    for (int i = 1; i < STARTS; i++) {
        struct memory memory = measure_once(program);
        if (memory.rss_kib < least.rss_kib)
            least = memory;
    }
    return least;
}

static void assert_near_empty(const char *program)
{
    struct memory memory = measure(program);
    if (labs(memory.rss_kib - empty.rss_kib) > RSS_KIB_MAX ||
        labs(memory.written_kib - empty.written_kib) > WRITTEN_KIB_MAX)
        fail_msg("%s at its baseline under %s: %ld KiB, %ld of them written; an empty program: %ld, %ld",
                 program, preload ? preload : "no preload", memory.rss_kib, memory.written_kib, empty.rss_kib,
                 empty.written_kib);
}

/* False: not installed. */
static bool compare_to_empty(const char *library)
{
    preload = library;
    empty = measure(EMPTY);
    if (empty.rss_kib < 0)
        return false;
    workloads_each(assert_near_empty);
    return true;
}

static void a_baseline_is_that_of_an_empty_program(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    assert_true(compare_to_empty(NULL));
}

/* "preload = NAME" of a descriptor; false: it has none. */
static bool read_preload(const char *path, char library[256])
{
    char line[1024];
    bool found = false;
    FILE *descriptor = fopen(path, "re");
    assert_non_null(descriptor);
    while (!found && fgets(line, sizeof line, descriptor))
        found = sscanf(line, " preload = %255s", library) == 1;
    fclose(descriptor);
    return found;
}

static void so_it_is_under_every_allocator_installed(void **state)
{
    (void)state;
    glob_t descriptors;
    unsigned with_preload = 0;
    if (TEST_SANITIZED)
        skip();
    assert_int_equal(glob(TEST_SOURCE_DIR "/bench/allocators/*.ini", 0, NULL, &descriptors), 0);
    for (size_t i = 0; i < descriptors.gl_pathc; i++) {
        char library[256];
        if (!read_preload(descriptors.gl_pathv[i], library))
            continue;
        with_preload++;
        if (!compare_to_empty(library))
            print_message("not installed: %s\n", library);
    }
    globfree(&descriptors);
    assert_true(with_preload > 0);
}

static void a_library_that_is_not_there_is_not_measured(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    preload = "libno-such-allocator.so.1";
    assert_int_equal(measure(EMPTY).rss_kib, -1);
    preload = TEST_BUILD_DIR "/workloads/test/libcount.so";
    assert_true(measure(EMPTY).rss_kib > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_baseline_is_that_of_an_empty_program),
        cmocka_unit_test(so_it_is_under_every_allocator_installed),
        cmocka_unit_test(a_library_that_is_not_there_is_not_measured),
    };
    return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
