/* records: the map without its table. Beside hash_chained it shows the table's share, and under bump the
 * generator's. */
#include "test/list.h"

const struct workload workload = {
    .map_bytes = sizeof(struct list),
    .build = list_build,
    .check = list_check,
    .drop = list_drop,
    .table_bytes = list_table_bytes,
};
