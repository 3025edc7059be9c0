/* A table from elsewhere: refused with its line, or read within its bounds; and what is written is what is
 * read. */
#include "csv.h"
#include "fuzz.h"

static void assert_is_table(const struct csv *csv)
{
    for (guint row = 0; row < csv_rows(csv); row++)
        for (int column = -1; column < 20; column++) {
            uint64_t value;
            const char *text = csv_text(csv, row, column);
            g_assert_nonnull(text);
            if (csv_u64(csv, row, column, &value))
                g_assert_true(g_ascii_isdigit(*text));
        }
    g_assert_cmpstr(csv_text(csv, csv_rows(csv), 0), ==, "");
    g_assert_cmpint(csv_column(csv, "\n no such \n"), ==, -1);
}

/* A run that goes on: the rows are kept, one more can be added, and the file stays a table. */
static void assert_goes_on(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    g_autoptr(GError) error = NULL;
    int fd = csv_open_append(path, "a,b,c", &error);
    if (fd < 0) {
        fuzz_assert_error(error, EXIT_BAD_DATA, path);
        return;
    }
    g_autoptr(csv_table) before = csv_read(path, &error);
    g_autoptr(GString) row = g_string_new(NULL);
    g_assert_no_error(error);
    csv_add_text(row, "one");
    csv_add_empty(row);
    csv_add_u64(row, UINT64_MAX);
    g_assert_true(csv_write_row(fd, row, path, &error));
    close(fd);
    g_autoptr(csv_table) csv = csv_read(path, &error);
    g_assert_no_error(error);
    guint last = csv_rows(before);
    uint64_t number;
    g_assert_cmpuint(csv_rows(csv), ==, last + 1);
    g_assert_cmpstr(csv_text(csv, last, csv_column(csv, "a")), ==, "one");
    g_assert_true(csv_u64(csv, last, csv_column(csv, "c"), &number) && number == UINT64_MAX);
}

/* The input's strings (closed by NUL) as rows of three fields: they come back as they were. */
static void assert_comes_back(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) row = g_string_new(NULL);
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
    int fd = csv_open_append(path, "a,b,c", &error);
    g_assert_no_error(error);
    for (size_t at = 0; at < size; at += strlen(fields->pdata[fields->len - 1]) + 1) {
        g_ptr_array_add(fields, g_strndup((const char *)data + at, size - at));
        csv_add_text(row, fields->pdata[fields->len - 1]);
        if (fields->len % 3 == 0)
            g_assert_true(csv_write_row(fd, row, path, &error));
    }
    if (row->len > 0)
        g_assert_true(csv_write_row(fd, row, path, &error));
    close(fd);
    g_autoptr(csv_table) csv = csv_read(path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(csv_rows(csv), ==, (fields->len + 2) / 3);
    for (guint i = 0; i < fields->len; i++)
        g_assert_cmpstr(csv_text(csv, i / 3, (int)(i % 3)), ==, fields->pdata[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) csv = csv_read(path, &error);
    guint64 line;
    if (csv)
        assert_is_table(csv);
    else
        fuzz_assert_line(fuzz_assert_error(error, EXIT_BAD_DATA, path), data, size, &line);
    assert_goes_on(data, size);
    assert_comes_back(data, size);
    return 0;
}
