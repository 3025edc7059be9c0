/* probe.h: the verdict from what a probe process tells: here a script that tells canned lines. */
#include "probe.h"
#include "support.h"

#include <sys/stat.h>

#define OWNED(object)                                                                                        \
    "malloc=" object "\nfree=" object "\ncalloc=" object "\nrealloc=" object "\nposix_memalign=" object      \
    "\naligned_alloc=" object "\n"
#define LIBC "/lib/libc.so.6"
#define OTHER "/lib/libone.so.1"

static const char SETTING[] = "[setting a]\npolicy=default\n";

/* Probes with FOLDER/null, a script that writes `lines` to the protocol's descriptor and then runs `rest`. */
static void run_probe(struct probe *probe, const char *folder, const char *keys, const char *lines,
                      const char *rest)
{
    g_autofree char *text = g_strconcat("[allocator]\nsummary=s\n", keys, SETTING, NULL);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\ncat >&3 <<'END'\n%sEND\n%s\n", lines, rest);
    g_autofree char *path = support_new_file(folder, "one.ini", text);
    g_autofree char *program = support_new_file(folder, "null", script);
    assert_int_equal(chmod(program, 0755), 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(allocator_descriptor) allocator = allocator_read(path, &error);
    if (!allocator)
        fail_msg("%s", error->message);
    char *dirs[] = {(char *)(uintptr_t)folder, NULL};
    const struct paths paths = {.workload_dirs = dirs};
    const struct probe_spec spec = {
        .allocator = allocator, .setting = allocator->settings->pdata[0], .paths = &paths};
    if (!probe_run(probe, &spec, &error))
        fail_msg("%s", error->message);
}

static void assert_verdict(const char *folder, const char *keys, const char *lines, const char *rest,
                           enum probe_verdict verdict, const char *reason)
{
    struct probe probe;
    run_probe(&probe, folder, keys, lines, rest);
    if (probe.verdict != verdict)
        fail_msg("verdict %d, not %d: %s", probe.verdict, verdict, probe.reason);
    if (reason)
        support_assert_has(probe.reason, reason);
    else
        assert_null(probe.reason);
    probe_clear(&probe);
}

static void all_of_one_object_is_proven(void **state)
{
    assert_verdict(*state, "", OWNED(LIBC) "libc=" LIBC "\n", "", PROBE_PROVEN, NULL);
    assert_verdict(*state, "", OWNED(OTHER) "sanitizer=" OTHER "\n", "", PROBE_PROVEN, NULL);
    assert_verdict(*state, "preload=" OTHER "\n", OWNED(OTHER) "libc=" LIBC "\n", "", PROBE_PROVEN, NULL);
    assert_verdict(*state, "preload=libone.so.1\n", OWNED(OTHER) "libc=" LIBC "\n", "", PROBE_PROVEN, NULL);
}

/* What /etc/ld.so.preload would bring. */
static void an_allocator_that_nobody_asked_for_is_refuted(void **state)
{
    assert_verdict(*state, "", OWNED(OTHER) "libc=" LIBC "\n", "", PROBE_REFUTED,
                   OTHER " owns malloc, and no preload was asked for");
}

/* The loader says a line of its own for each program of the script. */
static void another_librarys_malloc_is_refuted_and_what_was_said_is_told(void **state)
{
    assert_verdict(*state, "preload=libtwo.so\n", OWNED(OTHER) "libc=" LIBC "\n", "echo wrong class >&2",
                   PROBE_REFUTED, "libtwo.so does not own malloc, " OTHER " does: ");
    assert_verdict(*state, "preload=libtwo.so\n", OWNED(OTHER) "libc=" LIBC "\n", "echo wrong class >&2",
                   PROBE_REFUTED, "wrong class");
    assert_verdict(*state, "preload=libtwo.so\npackage=two\n", OWNED(LIBC) "libc=" LIBC "\n", "",
                   PROBE_NOT_INSTALLED, "apt-get install two");
}

static void a_probe_that_ends_badly_or_early_is_refuted(void **state)
{
    assert_verdict(*state, "", OWNED(LIBC) "libc=" LIBC "\n", "exit 3", PROBE_REFUTED,
                   "the probe died: exit code 3");
    assert_verdict(*state, "", OWNED(LIBC) "libc=" LIBC "\n", "kill -SEGV $$", PROBE_REFUTED, "signal 11");
    assert_verdict(*state, "", OWNED(LIBC), "echo gone >&2", PROBE_REFUTED,
                   "the probe died: exit code 0: gone");
    assert_verdict(*state, "", "malloc=" LIBC "\nlibc=" LIBC "\nnonsense\n", "", PROBE_REFUTED,
                   "did not tell who owns free");
}

static void a_value_that_is_not_the_expected_one_is_not_in_force(void **state)
{
    static const char KEYS[] = "read.level=int: level\n[setting first]\npolicy=eager\nexpect.level=1\n";
    assert_verdict(*state, KEYS, OWNED(LIBC) "libc=" LIBC "\nread.level=1\n", "", PROBE_PROVEN, NULL);
    assert_verdict(*state, KEYS, OWNED(LIBC) "libc=" LIBC "\nread.level=2\n", "", PROBE_NOT_IN_FORCE,
                   "level: asked 1, in force 2");
    assert_verdict(*state, KEYS, OWNED(LIBC) "libc=" LIBC "\nmissing.read.level=level\n", "", PROBE_PROVEN,
                   NULL);
}

static void what_is_told_is_kept(void **state)
{
    struct probe probe;
    run_probe(&probe, *state, "purge=a(); b()\n",
              OWNED(LIBC) "libc=" LIBC "\npurge.a=" OTHER "\npurge.b=" OTHER "\nversion=1.2 = x\ndebug=1\n",
              "");
    assert_int_equal(probe.verdict, PROBE_PROVEN);
    assert_string_equal(probe.object, LIBC);
    assert_string_equal(probe.owners[PROBE_aligned_alloc], LIBC);
    assert_string_equal(probe.purge_object, OTHER); /* in a library beside the one that interposes: fine */
    assert_string_equal(probe.version, "1.2 = x");
    assert_int_equal(probe.build, PROBE_BUILD_DEBUG);
    probe_clear(&probe);
    run_probe(&probe, *state, "", OWNED(LIBC) "libc=" LIBC "\ndebug=0\n", "");
    assert_int_equal(probe.build, PROBE_BUILD_RELEASE);
    assert_null(probe.version);
    assert_null(probe.purge_object);
    probe_clear(&probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(all_of_one_object_is_proven),
        SUPPORT_TEST(an_allocator_that_nobody_asked_for_is_refuted),
        SUPPORT_TEST(another_librarys_malloc_is_refuted_and_what_was_said_is_told),
        SUPPORT_TEST(a_probe_that_ends_badly_or_early_is_refuted),
        SUPPORT_TEST(a_value_that_is_not_the_expected_one_is_not_in_force),
        SUPPORT_TEST(what_is_told_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
