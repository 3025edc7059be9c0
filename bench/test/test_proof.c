/* proof.h: verdicts from canned answers: no process. */
#include "proof.h"
#include "support.h"

static void values_agree_as_numbers_where_both_are(void **state)
{
    static const struct {
        const char *asked, *found;
        bool agree;
    } pairs[] = {
        {"131072", "0x20000", true},
        {"0x20000", "131072", true},
        {"131072", "0x20001", false},
        {"true", "1", true},
        {"yes", "1", true},
        {"off", "0x0", true},
        {"true", "0", false},
        {"-1", "-1", true},
        {"-1", "1", false},
        {"-0", "0", true},
        {"-1", "18446744073709551615", false},
        {"18446744073709551615", "0xffffffffffffffff", true},
        {"18446744073709551615", "0xfffffffffffffffe", false}, /* the same as doubles */
        {"10", "10.0", true},
        {"0.333333333333", "0.333333333", true}, /* as a double is told */
        {"0.33333", "0.333333333", false},
        {"1e+30", "1e30", true},
        {"0", "0.000001", false},
        {"default", "default", true},
        {"default", "always", false},
        {"1", "(the call fails)", false},
        {"", "0", false},
        {"10", "10 ms", false},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        if (proof_agrees(pairs[i].asked, pairs[i].found) != pairs[i].agree)
            fail_msg("%s and %s", pairs[i].asked, pairs[i].found);
}

/* A descriptor of the test and its answers; `settings` are whole [setting …] groups. */
static struct allocator *read_descriptor(const char *folder, const char *settings)
{
    g_autofree char *text =
        g_strconcat("[allocator]\nsummary=s\nread.decay=int: decay()\nread.lazy=bool: lazy\n"
                    "read.old@..4=int: old()\nread.trim=tunable: x.trim\n",
                    settings, NULL);
    g_autofree char *path = support_new_file(folder, "one.ini", text);
    g_autoptr(GError) error = NULL;
    struct allocator *allocator = allocator_read(path, &error);
    if (!allocator)
        fail_msg("%s", error->message);
    return allocator;
}

static GPtrArray *judge(const char *folder, const char *settings, const char *version,
                        const char *const *answers)
{
    g_autoptr(allocator_descriptor) allocator = read_descriptor(folder, settings);
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    for (; *answers; answers += 2)
        g_hash_table_insert(table, (char *)(uintptr_t)answers[0], (char *)(uintptr_t)answers[1]);
    GPtrArray *proofs = proof_list_new();
    proof_judge(proofs, allocator, allocator->settings->pdata[0], version, table);
    return proofs;
}

#define ANSWERS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ALL ANSWERS("read.decay", "10000", "read.lazy", "1", "read.old", "3", "read.trim", "0x20000")

static void assert_proof(const GPtrArray *proofs, guint at, const char *name, const char *asked,
                         const char *found, enum proof_verdict verdict)
{
    assert_true(at < proofs->len);
    const struct proof *proof = proofs->pdata[at];
    assert_string_equal(proof->name, name);
    assert_int_equal(g_strcmp0(proof->asked, asked), 0);
    if (g_strcmp0(proof->found, found) != 0)
        fail_msg("%s: found %s, not %s", name, proof->found, found);
    assert_int_equal(proof->verdict, verdict);
}

static void what_is_asked_is_in_force_or_not_and_the_rest_is_shown(void **state)
{
    g_autoptr(GPtrArray) proofs =
        judge(*state, "[setting a]\npolicy=eager\nenv.X=1\nexpect.decay=0\nexpect.lazy=true\n", "5", ALL);
    assert_int_equal(proofs->len, 3); /* read.old is for other versions */
    assert_proof(proofs, 0, "decay", "0", "10000", PROOF_NOT_IN_FORCE);
    assert_proof(proofs, 1, "lazy", "true", "1", PROOF_IN_FORCE);
    assert_proof(proofs, 2, "trim", NULL, "0x20000", PROOF_SHOWN);
    g_autofree char *complaint = proof_complaint(proofs);
    assert_string_equal(complaint, "decay: asked 0, in force 10000");
    assert_string_equal(proof_means(proofs), "not in force");
}

static void every_value_that_is_not_in_force_is_complained_of(void **state)
{
    g_autoptr(GPtrArray) proofs =
        judge(*state, "[setting a]\npolicy=eager\nexpect.decay=0\nexpect.old@..4=2\n", "4", ALL);
    g_autofree char *complaint = proof_complaint(proofs);
    assert_string_equal(complaint, "decay: asked 0, in force 10000; old: asked 2, in force 3");
}

static void a_read_back_that_fails_or_is_missing_proves_nothing(void **state)
{
    g_autoptr(GPtrArray) proofs =
        judge(*state, "[setting a]\npolicy=eager\nenv.X=1\nexpect.decay=0\nexpect.lazy=true\n", "5",
              ANSWERS("failed.read.decay", "int: decay()", "missing.read.lazy", "lazy", "missing.read.trim",
                      "x.trim"));
    assert_proof(proofs, 0, "decay", "0", "(the call fails)", PROOF_NOT_PROVABLE);
    assert_proof(proofs, 1, "lazy", "true", "(no lazy)", PROOF_NOT_PROVABLE);
    assert_proof(proofs, 2, "trim", NULL, "(no x.trim)",
                 PROOF_NOT_TOLD); /* not asked, but not shown either */
    assert_string_equal(proof_verdict_name(PROOF_NOT_TOLD), "not told");
    assert_null(proof_complaint(proofs));
    assert_string_equal(proof_means(proofs), "not provable");
}

static void an_expectation_of_another_version_is_not_asked(void **state)
{
    static const char SETTING[] = "[setting a]\npolicy=eager\nenv.X@..4=1\nenv.Y@5..=1\nexpect.old@..4=3\n"
                                  "expect.decay@5..=10000\n";
    g_autoptr(GPtrArray) old = judge(*state, SETTING, "4", ALL);
    assert_proof(old, 0, "decay", NULL, "10000", PROOF_SHOWN);
    assert_proof(old, 2, "old", "3", "3", PROOF_IN_FORCE);
    g_autoptr(GPtrArray) new = judge(*state, SETTING, "5", ALL);
    assert_int_equal(new->len, 3);
    assert_proof(new, 0, "decay", "10000", "10000", PROOF_IN_FORCE);
    assert_string_equal(proof_means(new), "read back");
}

static void an_expectation_without_a_read_back_in_this_version_is_not_provable(void **state)
{
    g_autoptr(GPtrArray) proofs = judge(*state, "[setting a]\npolicy=eager\nexpect.old=3\n", "5", ALL);
    assert_proof(proofs, proofs->len - 1, "old", "3", "(no read-back in this version)", PROOF_NOT_PROVABLE);
}

static void assert_tunable(const char *folder, const char *setting, const char *value, const char *asked,
                           const char *found, enum proof_verdict verdict)
{
    g_autoptr(GPtrArray) proofs =
        judge(folder, setting, "5", ANSWERS("read.decay", "0", "read.lazy", "1", "read.trim", value));
    assert_proof(proofs, 2, "trim", asked, found, verdict);
    assert_proof(proofs, 0, "decay", NULL, "0", PROOF_SHOWN); /* a call's 0 is a 0 */
}

/* The loader lists both as 0; the effective default is neither. */
static void a_tunable_of_0_may_as_well_be_unset(void **state)
{
    static const char *const zeros[] = {"0x0", "0", ""};
    for (guint i = 0; i < G_N_ELEMENTS(zeros); i++) {
        assert_tunable(*state, "[setting a]\npolicy=eager\n", zeros[i], NULL, "(unset or 0)", PROOF_SHOWN);
        assert_tunable(*state, "[setting a]\npolicy=eager\nexpect.trim=0\n", zeros[i], "0", "(unset or 0)",
                       PROOF_NOT_PROVABLE);
        assert_tunable(*state, "[setting a]\npolicy=eager\nexpect.trim=1\n", zeros[i], "1", "(unset or 0)",
                       PROOF_NOT_IN_FORCE);
    }
    assert_tunable(*state, "[setting a]\npolicy=eager\nexpect.trim=1\n", "0x1", "1", "0x1", PROOF_IN_FORCE);
}

static void a_variable_that_nothing_reads_back_is_not_provable(void **state)
{
    g_autoptr(GPtrArray) proofs =
        judge(*state, "[setting a]\npolicy=eager\nenv.X=1\nenv.Y@..4=2\n", "5", ALL);
    assert_int_equal(proofs->len, 4);
    assert_proof(proofs, 3, "X", "1", NULL, PROOF_NOT_PROVABLE);
    assert_string_equal(proof_means(proofs), "not provable");
}

/* It would be the default by another name. */
static void a_setting_without_a_line_for_this_version_is_not_in_force(void **state)
{
    static const char SETTING[] = "[setting a]\npolicy=eager\nenv.Y@..4=2\n";
    g_autoptr(GPtrArray) other = judge(*state, SETTING, "5", ALL);
    assert_proof(other, 3, "environment", "set", "(no env line is for version 5)", PROOF_NOT_IN_FORCE);
    g_autoptr(GPtrArray) unknown = judge(*state, SETTING, NULL, ALL);
    const struct proof *proof = unknown->pdata[unknown->len - 1];
    assert_int_equal(proof->verdict, PROOF_NOT_IN_FORCE);
    support_assert_has(proof->found, "version is unknown");
}

static void a_setting_that_sets_nothing_asks_for_nothing(void **state)
{
    g_autoptr(GPtrArray) proofs = judge(*state, "[setting a]\npolicy=default\n", "5", ALL);
    assert_int_equal(proofs->len, 3);
    assert_string_equal(proof_means(proofs), "");
    assert_null(proof_complaint(proofs));
}

static void the_means_are_those_of_the_weakest_proof(void **state)
{
    g_autoptr(GPtrArray) proofs = proof_list_new();
    (void)state;
    assert_string_equal(proof_means(proofs), "");
    proof_add(proofs, PROOF_BEHAVIOUR, "lazy", "lazy", PROOF_IN_FORCE);
    assert_string_equal(proof_means(proofs), "behaviour");
    proof_add(proofs, "x", "1", "1", PROOF_IN_FORCE);
    assert_string_equal(proof_means(proofs), "read back, behaviour");
    proof_add(proofs, "y", NULL, "1", PROOF_SHOWN);
    assert_string_equal(proof_means(proofs), "read back, behaviour");
    proof_add(proofs, "z", "1", NULL, PROOF_NOT_PROVABLE);
    assert_string_equal(proof_means(proofs), "not provable");
    proof_add(proofs, "z", "1", "2", PROOF_NOT_IN_FORCE);
    assert_string_equal(proof_means(proofs), "not in force");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_agree_as_numbers_where_both_are),
        SUPPORT_TEST(what_is_asked_is_in_force_or_not_and_the_rest_is_shown),
        SUPPORT_TEST(every_value_that_is_not_in_force_is_complained_of),
        SUPPORT_TEST(a_read_back_that_fails_or_is_missing_proves_nothing),
        SUPPORT_TEST(an_expectation_of_another_version_is_not_asked),
        SUPPORT_TEST(an_expectation_without_a_read_back_in_this_version_is_not_provable),
        SUPPORT_TEST(a_tunable_of_0_may_as_well_be_unset),
        SUPPORT_TEST(a_variable_that_nothing_reads_back_is_not_provable),
        SUPPORT_TEST(a_setting_without_a_line_for_this_version_is_not_in_force),
        SUPPORT_TEST(a_setting_that_sets_nothing_asks_for_nothing),
        cmocka_unit_test(the_means_are_those_of_the_weakest_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
