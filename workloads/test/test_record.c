#include "driver/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct shape small = {.records = 3000,
                                   .strings_min = 0,
                                   .strings_max = 4,
                                   .length_min = 15,
                                   .length_max = 30,
                                   .survivors_ppm = 100000,
                                   .seed = 7};

static struct batch whole(const struct shape *shape)
{
    return (struct batch){.shape = shape, .pool = record_pool_new(shape), .end = shape->records};
}

static struct record_sums sums_of(const struct shape *shape)
{
    struct batch batch = whole(shape);
    struct record_sums all, survivors;
    record_expect(&batch, &all, &survivors);
    return all;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, RECORD_KEY_CHARS);
}

static void assert_keys_unique(uint64_t seed)
{
    enum { KEYS = 1000000 };
    struct shape shape = small;
    shape.seed = seed;
    char(*keys)[RECORD_KEY_CHARS] = malloc(KEYS * sizeof *keys);
    assert_non_null(keys);
    for (uint64_t i = 0; i < KEYS; i++) {
        struct draft draft = record_draft(&shape, i);
        assert_int_equal(strlen(draft.key), RECORD_KEY_CHARS);
        memcpy(keys[i], draft.key, sizeof *keys);
    }
    qsort(keys, KEYS, sizeof *keys, compare);
    for (uint64_t i = 1; i < KEYS; i++)
        if (memcmp(keys[i - 1], keys[i], sizeof *keys) == 0)
            fail_msg("seed %llu: key %.16s comes twice", (unsigned long long)seed, keys[i]);
    free(keys);
}

static void a_million_keys_are_all_different(void **state)
{
    (void)state;
    assert_keys_unique(0);
    assert_keys_unique(1);
    assert_keys_unique(UINT64_MAX);
}

static void what_a_shape_expects_is_what_building_it_counts(void **state)
{
    (void)state;
    struct batch batch = whole(&small);
    struct record_sums all, survivors, built = {0}, surviving = {0};
    struct record *records = calloc(small.records, sizeof *records);
    assert_non_null(records);
    record_expect(&batch, &all, &survivors);
    assert_true(block_live_bytes == 0 && block_live_count == 0);
    for (uint64_t index = 0; record_next(&batch, &index, &records[built.records]); built.records++) {
        uint64_t checksum = record_checksum(&records[built.records]);
        built.checksum += checksum;
        if (record_survives(&small, records[built.records].key)) {
            surviving.records++;
            surviving.checksum += checksum;
        }
    }
    assert_int_equal(built.records, small.records);
    assert_int_equal(all.records, small.records);
    assert_true(all.bytes == block_live_bytes);
    assert_true(all.checksum == built.checksum);
    assert_true(survivors.records == surviving.records && surviving.records > 0);
    assert_true(survivors.checksum == surviving.checksum);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < built.records; i++)
        if (record_survives(&small, records[i].key))
            records[kept++] = records[i];
        else
            record_free(records[i]);
    assert_true(survivors.bytes == block_live_bytes);
    while (kept > 0)
        record_free(records[--kept]);
    assert_true(block_live_bytes == 0 && block_live_count == 0);
    free(records);
}

static void a_rebuild_brings_all_but_the_survivors(void **state)
{
    (void)state;
    struct batch batch = whole(&small);
    struct record_sums all, survivors;
    struct draft draft;
    uint64_t drawn = 0;
    record_expect(&batch, &all, &survivors);
    batch.skip_survivors = true;
    for (uint64_t index = 0; record_next_draft(&batch, &index, &draft); drawn++)
        assert_false(record_survives(&small, draft.key));
    assert_true(drawn == all.records - survivors.records);
}

static void assert_survivors(uint32_t ppm, uint64_t seed)
{
    struct shape shape = small;
    shape.records = 200000;
    shape.survivors_ppm = ppm;
    shape.seed = seed;
    double expected = (double)shape.records * ppm / 1e6;
    double variance = expected * (1 - ppm / 1e6);
    uint64_t survivors = 0, again = 0;
    for (uint64_t i = 0; i < shape.records; i++)
        survivors += record_survives(&shape, record_draft(&shape, i).key);
    for (uint64_t i = 0; i < shape.records; i++)
        again += record_survives(&shape, record_draft(&shape, i).key);
    assert_true(survivors == again);
    double off = (double)survivors - expected;
    if (off * off > 25 * variance) /* five sigma; the seed is fixed, so this holds always or never */
        fail_msg("%u ppm, seed %llu: %llu of %llu survive", (unsigned)ppm, (unsigned long long)seed,
                 (unsigned long long)survivors, (unsigned long long)shape.records);
}

static void so_many_of_a_million_survive(void **state)
{
    (void)state;
    static const uint32_t ppm[] = {0, 100, 1000, 10000, 100000, 500000, 999000, 1000000};
    for (size_t i = 0; i < sizeof ppm / sizeof *ppm; i++)
        for (uint64_t seed = 0; seed < 4; seed++)
            assert_survivors(ppm[i], seed);
}

/* Draws all strings; each count and length of the ranges must come, and no other. */
static void assert_ranges(struct shape shape)
{
    bool counts[8] = {false}, lengths[64] = {false};
    struct batch batch = whole(&shape);
    struct record record;
    for (uint64_t index = 0; record_next(&batch, &index, &record); record_free(record)) {
        uint32_t count = 0;
        for (; record.strings[count]; count++) {
            size_t length = strlen(record.strings[count]);
            assert_in_range(length, shape.length_min, shape.length_max);
            lengths[length] = true;
        }
        assert_in_range(count, shape.strings_min, shape.strings_max);
        counts[count] = true;
    }
    for (uint32_t i = shape.strings_min; i <= shape.strings_max; i++)
        assert_true(counts[i]);
    for (uint32_t i = shape.length_min; shape.strings_max > 0 && i <= shape.length_max; i++)
        assert_true(lengths[i]);
}

static void all_of_a_range_is_drawn_and_nothing_beside_it(void **state)
{
    (void)state;
    assert_ranges(small);
    assert_ranges((struct shape){.records = 2000, .strings_min = 1, .strings_max = 1, .length_max = 1});
    assert_ranges((struct shape){.records = 2000, .strings_max = 3, .length_max = 40, .seed = 3});
    assert_ranges((struct shape){.records = 2000, .strings_min = 5, .strings_max = 7, .seed = 4});
    assert_ranges((struct shape){.records = 10, .length_min = 5, .length_max = 5});
}

static void a_string_as_long_as_the_pool_is_drawn_whole(void **state)
{
    (void)state;
    struct shape shape = {.records = 50,
                          .strings_min = 2,
                          .strings_max = 2,
                          .length_min = 2 * RECORD_POOL_BYTES,
                          .length_max = 2 * RECORD_POOL_BYTES};
    struct batch batch = whole(&shape);
    struct record record;
    for (uint64_t index = 0; record_next(&batch, &index, &record); record_free(record))
        assert_true(strlen(record.strings[0]) == shape.length_max &&
                    strlen(record.strings[1]) == shape.length_max);
}

static void the_seed_alone_decides_keys_and_checksum(void **state)
{
    (void)state;
    struct shape other = small;
    assert_true(sums_of(&small).checksum == sums_of(&other).checksum);
    other.order = ORDER_REVERSE;
    other.removal = REMOVAL_DELETE;
    other.survivors_ppm = 0;
    assert_true(sums_of(&small).checksum == sums_of(&other).checksum);
    other.seed++;
    assert_true(sums_of(&small).checksum != sums_of(&other).checksum);
    for (uint64_t i = 0; i < small.records; i++)
        assert_string_not_equal(record_draft(&small, i).key, record_draft(&other, i).key);
}

static void the_checksum_sees_each_part_of_a_record(void **state)
{
    (void)state;
    char key[] = "abcdefghijklmnop", long_text[] = "a text of twenty-one", short_text[] = "short";
    char *strings[] = {long_text, short_text, NULL};
    const struct record record = {.key = key, .strings = strings};
    uint64_t sum = record_checksum(&record);
    for (char *at = key; *at; at++, assert_true(record_checksum(&record) == sum)) {
        *at ^= 1;
        assert_true(record_checksum(&record) != sum);
        *at ^= 1;
    }
    for (char *at = long_text; *at; at++, assert_true(record_checksum(&record) == sum)) {
        *at ^= 1;
        assert_true(record_checksum(&record) != sum);
        *at ^= 1;
    }
    strings[0] = short_text, strings[1] = long_text; /* in the other order */
    assert_true(record_checksum(&record) != sum);
    strings[0] = long_text, strings[1] = NULL; /* one missing */
    assert_true(record_checksum(&record) != sum);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_keys_are_all_different),
        cmocka_unit_test(what_a_shape_expects_is_what_building_it_counts),
        cmocka_unit_test(a_rebuild_brings_all_but_the_survivors),
        cmocka_unit_test(so_many_of_a_million_survive),
        cmocka_unit_test(all_of_a_range_is_drawn_and_nothing_beside_it),
        cmocka_unit_test(a_string_as_long_as_the_pool_is_drawn_whole),
        cmocka_unit_test(the_seed_alone_decides_keys_and_checksum),
        cmocka_unit_test(the_checksum_sees_each_part_of_a_record),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
