/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/file_looks.h"

#include <string.h>

static const struct {
    const char *name, *says;
} table[FILE_LOOKS_COUNT] = {
    [FILE_LOOKS_TEXT] = {"", ""},
    [FILE_LOOKS_WORKBOOK] = {"WORKBOOK", "a workbook of a spreadsheet program; save the table as "
                                         "CSV UTF-8"},
    [FILE_LOOKS_PACKED] = {"PACKED",
                           "compressed, or an archive; unpack it (gzip: give `zcat FILE |` "
                           "and -, zstd: `zstdcat FILE |` and -)"},
    [FILE_LOOKS_UTF16] = {"UTF16", "UTF-16; save it as UTF-8"},
    [FILE_LOOKS_PICTURE] = {"PICTURE", "a picture; a table in CSV UTF-8 is wanted"},
    [FILE_LOOKS_DOCUMENT] = {"DOCUMENT", "a document; a table in CSV UTF-8 is wanted"},
    [FILE_LOOKS_PROGRAM] = {"PROGRAM", "a program; a table in CSV UTF-8 is wanted"},
};

/* A ZIP archive is a workbook when its first members are those of one: Office Open XML, OpenDocument. */
static enum file_looks zip_looks(struct str start)
{
    static const struct str workbooks[] = {STR("xl/"), STR("opendocument.spreadsheet")},
                            documents[] = {STR("word/"), STR("ppt/"), STR("opendocument.")},
                            office = STR("[Content_Types].xml");
    for (size_t i = 0; i < sizeof workbooks / sizeof *workbooks; i++)
        if (memmem(start.p, start.n, workbooks[i].p, workbooks[i].n))
            return FILE_LOOKS_WORKBOOK;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        if (memmem(start.p, start.n, documents[i].p, documents[i].n))
            return FILE_LOOKS_DOCUMENT;
    return memmem(start.p, start.n, office.p, office.n) ? FILE_LOOKS_WORKBOOK : FILE_LOOKS_PACKED;
}

enum file_looks file_looks(struct str start)
{
    static const struct {
        struct str bytes;
        enum file_looks looks;
    } kinds[] = {
        {STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), FILE_LOOKS_WORKBOOK}, /* XLS */
        {STR("\xff\xfe"), FILE_LOOKS_UTF16},
        {STR("\xfe\xff"), FILE_LOOKS_UTF16},
        {STR("\x1f\x8b"), FILE_LOOKS_PACKED},
        {STR("\x28\xb5\x2f\xfd"), FILE_LOOKS_PACKED},
        {STR("\xfd"
             "7zXZ"),
         FILE_LOOKS_PACKED},
        {STR("BZh9"), FILE_LOOKS_PACKED},
        {STR("7z\xbc\xaf\x27\x1c"), FILE_LOOKS_PACKED},
        {STR("Rar!\x1a\x07"), FILE_LOOKS_PACKED},
        {STR("\xff\xd8\xff"), FILE_LOOKS_PICTURE},
        {STR("\x89PNG\r\n\x1a\n"), FILE_LOOKS_PICTURE},
        {STR("GIF8"), FILE_LOOKS_PICTURE},
        {STR("%PDF-"), FILE_LOOKS_DOCUMENT},
        {STR("{\\rtf"), FILE_LOOKS_DOCUMENT},
        {STR("\x7f"
             "ELF"),
         FILE_LOOKS_PROGRAM},
        {STR("MZ\x90\0"), FILE_LOOKS_PROGRAM},
    };
    if (start.n > FILE_LOOKS_BYTES)
        start.n = FILE_LOOKS_BYTES;
    if (str_starts(start, STR("PK\x03\x04")))
        return zip_looks(start);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_starts(start, kinds[i].bytes))
            return kinds[i].looks;
    return FILE_LOOKS_TEXT;
}

const char *file_looks_name(enum file_looks looks)
{
    return (unsigned)looks < FILE_LOOKS_COUNT ? table[looks].name : "";
}

const char *file_looks_says(enum file_looks looks)
{
    return (unsigned)looks < FILE_LOOKS_COUNT ? table[looks].says : "";
}
