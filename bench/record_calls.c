/* record_measure_calls of record.h: the system calls of each phase, where they were counted. */
#include <string.h>

#include "record.h"

void record_measure_calls(struct record *record, const GArray *marks)
{
    static const struct {
        const char *behind, *phase;
        enum record_number first; /* of the group of columns */
    } of[] = {{NULL, "build", RECORD_build_madvise_calls},
              {NULL, "drop", RECORD_drop_madvise_calls},
              {NULL, "rebuild", RECORD_rebuild_madvise_calls},
              {NULL, "redrop", RECORD_redrop_madvise_calls},
              {NULL, "purge", RECORD_purge_madvise_calls},
              {"purge", "rebuild", RECORD_rebuild_after_purge_madvise_calls}};
    for (guint i = 0; i < G_N_ELEMENTS(of); i++) {
        const struct record_mark *mark = record_mark_behind(marks, of[i].behind, of[i].phase);
        if (mark)
            memcpy(&record->numbers[of[i].first], mark->calls, sizeof mark->calls);
    }
}
