/* A target's main without libFuzzer: every file of the arguments, folders looked through, is an input once.
 * So each compiler and preset looks at the corpus. */
#include "fuzz.h"

static guint inputs;

/* In a buffer of its exact size, or a sanitizer would not see one byte too many. */
static int replay(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    g_autofree char *text = NULL;
    gsize size;
    (void)info;
    (void)at;
    if (kind != FTW_F)
        return 0;
    if (!g_file_get_contents(path, &text, &size, NULL)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    fprintf(stderr, "%s\n", path); /* so that the last line before an abort names it */
    g_autofree uint8_t *data = g_memdup2(text, size);
    LLVMFuzzerTestOneInput(data, size);
    inputs++;
    return 0;
}

int main(int argc, char **argv)
{
    const uint8_t nothing[1] = {0};
    LLVMFuzzerTestOneInput(nothing, 0);
    for (int i = 1; i < argc; i++)
        if (nftw(argv[i], replay, 16, FTW_PHYS) != 0)
            return 2;
    printf("%u inputs\n", inputs);
    return inputs > 0 ? 0 : 2;
}
