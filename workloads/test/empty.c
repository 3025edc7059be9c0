/* empty: the least a process can be that stands still like a workload at its baseline: the measure of how
 * little the driver itself holds. No workload: it has no map and no walk. */
#include <unistd.h>

#include "../driver/protocol.h"

int main(void)
{
    char byte;
    if (write(PROTOCOL_MARK_FD, "empty\n", 6) != 6)
        return PROTOCOL_EXIT_ORPHAN;
    return read(PROTOCOL_GO_FD, &byte, 1) == 1 ? PROTOCOL_EXIT_DONE : PROTOCOL_EXIT_ORPHAN;
}
