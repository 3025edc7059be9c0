/* The wall: a workload is libc and the allocator's calls of its map, and nothing else. Counted from outside,
 * by the preload `count`. */
#include "count.h"
#include "harness.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTROL TEST_BUILD_DIR "/workloads/test/libcount.so"
#define SHAPE "records=700 strings=1..3 purge=malloc_trim(0) "
/* A silence behind each busy phase: what is called while parked at its mark is then counted as silent. */
#define WALK                                                                                                 \
    "walk=silent:0,build,silent:0,hold,silent:0,drop,silent:20,ticking:100,silent:0,rebuild,silent:0,hold,"  \
    "redrop,silent:0,purge,silent:0"

/* What the preload said at each mark, beside what the driver said. */
struct counted {
    struct told told;
    struct count count;
};

static struct count *shared;
static int shared_fd;

static int share_counters(void **state)
{
    (void)state;
    shared_fd = memfd_create("count", MFD_CLOEXEC);
    if (shared_fd < 0 || ftruncate(shared_fd, sizeof *shared) != 0)
        return -1;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

static unsigned count_walk(const char *program, const char *arguments, struct counted marks[CHILD_MARKS_MAX])
{
    struct child child;
    unsigned marked = 0;
    *shared = (struct count){.calls = UINT64_MAX}; /* so stays a counter that nobody counts in */
    child_start(&child, &(struct start){program, arguments, CONTROL, .count_fd = shared_fd});
    for (; marked < CHILD_MARKS_MAX && child_read_mark(&child, &marks[marked].told); marked++) {
        child_await_parked(&child);
        marks[marked].count = *shared;
        child_go(&child);
    }
    assert_int_equal(child_end(&child), PROTOCOL_EXIT_DONE);
    assert_true(marked > 0);
    if (marks[0].count.calls == UINT64_MAX)
        fail_msg("%s is not loaded", CONTROL);
    return marked;
}

static bool is_quiet(const char *phase)
{
    return strcmp(phase, "baseline") == 0 || strcmp(phase, "hold") == 0 || strcmp(phase, "silent") == 0;
}

static void assert_quiet(const char *program)
{
    static struct counted marks[CHILD_MARKS_MAX];
    unsigned count = count_walk(program, SHAPE WALK, marks);
    uint64_t before = 0;
    for (unsigned i = 0; i < count; before = marks[i++].count.calls)
        if (is_quiet(marks[i].told.phase) && marks[i].count.calls != before)
            fail_msg("%s: %llu allocator calls up to mark %u, %s", program,
                     (unsigned long long)(marks[i].count.calls - before), i, marks[i].told.phase);
}

static void nothing_is_called_before_the_baseline_in_hold_in_silence_or_parked(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_quiet);
}

/* What starting the threads asks for is in the baseline; from there on it is the map's calls alone, the same in
 * number as one thread makes. */
static void assert_workers_add_nothing(const char *program)
{
    static struct counted alone[CHILD_MARKS_MAX], marks[CHILD_MARKS_MAX];
    unsigned count = count_walk(program, SHAPE WALK, alone);
    assert_int_equal(count_walk(program, SHAPE "workers=3 " WALK, marks), count);
    for (unsigned i = 1; i < count; i++) {
        uint64_t calls = marks[i].count.calls - marks[i - 1].count.calls;
        uint64_t expected = alone[i].count.calls - alone[i - 1].count.calls;
        if (calls != expected)
            fail_msg("%s: %llu allocator calls instead of %llu in mark %u, %s", program,
                     (unsigned long long)calls, (unsigned long long)expected, i, marks[i].told.phase);
    }
}

static void workers_ask_for_memory_before_the_baseline_and_then_for_their_maps_alone(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_workers_add_nothing);
}

static void assert_counts_agree(const char *program)
{
    static struct counted marks[CHILD_MARKS_MAX];
    static const char *const shapes[] = {SHAPE WALK, SHAPE WALK " order=insertion survivors_ppm=100000",
                                         SHAPE WALK " order=reverse removal=delete"};
    for (unsigned shape = 0; shape < 3; shape++) {
        unsigned count = count_walk(program, shapes[shape], marks);
        for (unsigned i = 0; i < count; i++) {
            const struct count *counted = &marks[i].count;
            const struct mark *mark = &marks[i].told.mark;
            if (counted->live_bytes != mark->live_bytes || counted->live_blocks != mark->live_blocks)
                fail_msg("%s %s: mark %u, %s, says %llu bytes in %llu blocks, but %llu in %llu are live",
                         program, shapes[shape], i, marks[i].told.phase, (unsigned long long)mark->live_bytes,
                         (unsigned long long)mark->live_blocks, (unsigned long long)counted->live_bytes,
                         (unsigned long long)counted->live_blocks);
            if (shape == 0 && strstr(marks[i].told.phase, "drop"))
                assert_true(counted->live_blocks == 0);
        }
        assert_true(marks[count - 1].count.live_blocks == 0);
    }
}

static void each_mark_says_what_is_live_and_a_free_drop_leaves_nothing(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_counts_agree);
}

static void assert_repeatable(const char *program)
{
    static struct counted first[CHILD_MARKS_MAX], second[CHILD_MARKS_MAX], other[CHILD_MARKS_MAX];
    unsigned count = count_walk(program, SHAPE WALK, first);
    assert_int_equal(count_walk(program, SHAPE WALK, second), count);
    assert_int_equal(count_walk(program, SHAPE WALK " seed=2", other), count);
    for (unsigned i = 0; i < count; i++)
        if (first[i].count.sequence != second[i].count.sequence)
            fail_msg("%s: other calls the second time, up to %s", program, first[i].told.phase);
    uint64_t calls = first[count - 1].count.calls;
    assert_true(calls == 0 || first[count - 1].count.sequence != other[count - 1].count.sequence);
}

static void the_same_cell_makes_the_same_calls_twice(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_repeatable);
}

/* Those whose maps are none of the allocator's, and no others. */
static void assert_no_call_or_many(const char *program)
{
    static struct counted marks[CHILD_MARKS_MAX];
    const char *name = workloads_name(program);
    unsigned count = count_walk(program, SHAPE WALK, marks);
    uint64_t calls = marks[count - 1].count.calls;
    if (strcmp(name, "null") == 0 || strcmp(name, "mapped") == 0)
        assert_true(calls == 0);
    else
        assert_true(calls >= 4 * 3 * 700); /* a key, a slice and a string each, made and freed twice */
}

static void null_and_mapped_make_no_call_at_all_and_the_others_many(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_no_call_or_many);
}

static void exhaust(const char *program)
{
    struct child child;
    struct told told;
    char errors[1024];
    *shared = (struct count){.limit_bytes = 20000};
    child_start(&child, &(struct start){program, SHAPE "walk=build", CONTROL, .count_fd = shared_fd});
    while (child_read_mark(&child, &told))
        child_go(&child);
    int code = child_end_with_errors(&child, errors, sizeof errors);
    bool asks = shared->calls > 0;
    if (code != (asks ? PROTOCOL_EXIT_MEMORY : PROTOCOL_EXIT_DONE) || !strstr(errors, "NULL") == asks)
        fail_msg("%s: ended with %d and said: %s", child.title, code, errors);
}

static void an_allocator_without_memory_ends_a_workload_with_that_code(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(exhaust);
}

/* Its memory is there before the baseline, and what it times are the same calls. */
static void assert_timing_adds_nothing(const char *program)
{
    static struct counted plain[CHILD_MARKS_MAX], timed[CHILD_MARKS_MAX];
    unsigned count = count_walk(program, SHAPE WALK, plain), lines = 0;
    assert_int_equal(count_walk(program, SHAPE "latency=yes " WALK, timed), count);
    for (unsigned i = 0; i < count; i++) {
        lines += *timed[i].told.latency != '\0';
        if (timed[i].count.calls != plain[i].count.calls)
            fail_msg("%s: %llu allocator calls instead of %llu up to mark %u, %s", program,
                     (unsigned long long)timed[i].count.calls, (unsigned long long)plain[i].count.calls, i,
                     timed[i].told.phase);
        if (timed[i].told.mark.scratch_bytes != timed[0].told.mark.scratch_bytes)
            fail_msg("%s: other scratch memory at mark %u, %s", program, i, timed[i].told.phase);
    }
    assert_int_equal(lines, 5); /* build, drop, ticking, rebuild, redrop */
}

static void timing_operations_adds_no_allocator_call_and_no_page(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_timing_adds_nothing);
}

/* Where the file has what the loader will find at `address`. */
static size_t file_offset(const char *file, ElfW(Addr) address)
{
    const ElfW(Ehdr) *header = (const void *)file;
    const ElfW(Phdr) *segments = (const void *)(file + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && address - segments[i].p_vaddr < segments[i].p_filesz)
            return address - segments[i].p_vaddr + segments[i].p_offset;
    fail_msg("an address is in no segment");
    return 0;
}

static unsigned check_needed(const char *program, const char *file, const ElfW(Dyn) * dynamic)
{
    const char *names = NULL;
    unsigned needed = 0;
    for (const ElfW(Dyn) *entry = dynamic; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_STRTAB)
            names = file + file_offset(file, entry->d_un.d_ptr);
    for (const ElfW(Dyn) *entry = dynamic; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && names && ++needed && strcmp(names + entry->d_un.d_val, "libc.so.6"))
            fail_msg("%s needs %s", program, names + entry->d_un.d_val);
    return needed;
}

static void assert_needs_libc_alone(const char *program)
{
    struct stat stat;
    unsigned needed = 0;
    int fd = open(program, O_RDONLY | O_CLOEXEC);
    assert_int_equal(fstat(fd, &stat), 0);
    const char *file = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    assert_true(file != MAP_FAILED && memcmp(file, ELFMAG, SELFMAG) == 0);
    const ElfW(Ehdr) *header = (const void *)file;
    const ElfW(Phdr) *segments = (const void *)(file + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_DYNAMIC)
            needed += check_needed(program, file, (const void *)(file + segments[i].p_offset));
    assert_int_equal(needed, 1);
}

static void every_workload_needs_the_c_library_alone(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* theirs is needed too */
    workloads_each(assert_needs_libc_alone);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_needs_the_c_library_alone),
        cmocka_unit_test(nothing_is_called_before_the_baseline_in_hold_in_silence_or_parked),
        cmocka_unit_test(workers_ask_for_memory_before_the_baseline_and_then_for_their_maps_alone),
        cmocka_unit_test(each_mark_says_what_is_live_and_a_free_drop_leaves_nothing),
        cmocka_unit_test(the_same_cell_makes_the_same_calls_twice),
        cmocka_unit_test(null_and_mapped_make_no_call_at_all_and_the_others_many),
        cmocka_unit_test(timing_operations_adds_no_allocator_call_and_no_page),
        cmocka_unit_test(an_allocator_without_memory_ends_a_workload_with_that_code),
    };
    return cmocka_run_group_tests_name("wall", tests, share_counters, NULL);
}
