#include "driver/record.h"

#include "driver/scratch.h"

char *record_pool_new(const struct shape *shape)
{
    size_t bytes = RECORD_POOL_BYTES + shape->length_max;
    char *pool = scratch_new(bytes);
    uint64_t state = shape->seed;
    for (size_t i = 0; i < bytes; i++)
        pool[i] = (char)('a' + rng_next(&state) % 26);
    return pool;
}

static uint64_t fold(uint64_t sum, const char *text, size_t length)
{
    uint64_t word;
    for (; length >= 8; text += 8, length -= 8) {
        memcpy(&word, text, 8);
        sum = (sum ^ word) * RNG_GOLDEN;
        sum ^= sum >> 29;
    }
    word = length; /* the length is part of the content */
    for (size_t i = 0; i < length; i++)
        word = word << 8 | (unsigned char)text[i];
    sum = (sum ^ word) * RNG_GOLDEN;
    return sum ^ sum >> 32;
}

uint64_t record_checksum(const struct record *record)
{
    uint64_t sum = fold(1, record->key, strlen(record->key));
    for (char **string = record->strings; *string; string++)
        sum = fold(sum, *string, strlen(*string));
    return sum;
}

static void add(struct record_sums *sums, uint64_t bytes, uint64_t checksum)
{
    sums->records++;
    sums->bytes += bytes;
    sums->checksum += checksum;
}

void record_expect(const struct batch *batch, struct record_sums *all, struct record_sums *survivors)
{
    *all = *survivors = (struct record_sums){0};
    for (uint64_t index = batch->first; index < batch->end; index++) {
        struct draft draft = record_draft(batch->shape, index);
        uint64_t bytes = RECORD_KEY_BYTES + (draft.strings + 1) * sizeof(char *);
        uint64_t checksum = fold(1, draft.key, RECORD_KEY_CHARS);
        for (uint32_t i = 0; i < draft.strings; i++) {
            uint32_t length;
            const char *text = record_draw_string(&draft, batch, &length);
            bytes += length + 1;
            checksum = fold(checksum, text, length);
        }
        add(all, bytes, checksum);
        if (record_survives(batch->shape, draft.key))
            add(survivors, bytes, checksum);
    }
}
