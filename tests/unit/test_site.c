/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of the site's archive: archives that tar made, archives written here
 * field by field, and each field broken.
 */
#define _POSIX_C_SOURCE 200809L /* popen */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_pd.h"

#include "examples/webserver/site.c"

static struct site site;

/* A partition to be filled, and then allocated to the byte so that ASan sees overruns. */
static struct {
    unsigned char bytes[64 * 1024];
    size_t size;
} image;

static void scan(void)
{
    unsigned char *partition = malloc(image.size);
    uint64_t at, last = 0;

    memcpy(partition, image.bytes, image.size);
    site_begin(&site, image.size);
    while (site_wants(&site, &at)) {
        assert_true(at == 0 || at > last); /* always forward */
        assert_true(at % SITE_BLOCK == 0 && at + SITE_BLOCK <= image.size);
        site_take(&site, partition + at);
        last = at;
    }
    free(partition);
}

static void seal(struct header *h)
{
    unsigned sum = 0;

    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof *h; i++) {
        sum += ((unsigned char *)h)[i];
    }
    snprintf(h->checksum, sizeof h->checksum, "%06o", sum);
}

/* @return the header, to be spoiled */
static struct header *add_entry(const char *name, char type, const char *content)
{
    struct header *h = (struct header *)(image.bytes + image.size);
    size_t length = strlen(content);

    memset(h, 0, sizeof *h);
    memcpy(h->name, name, strlen(name));
    memcpy(h->mode, "0000644", 8);
    snprintf(h->size, sizeof h->size, "%011o", (unsigned)length & 0xffffU);
    memcpy(h->mtime, "05700000000", 12);
    h->type = type;
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    seal(h);
    image.size += SITE_BLOCK;
    memcpy(image.bytes + image.size, content, length);
    image.size += (length + SITE_BLOCK - 1) / SITE_BLOCK * SITE_BLOCK;
    return h;
}

static void begin(void)
{
    memset(&image, 0, sizeof image);
}

static void add_end(void)
{
    image.size += 2 * SITE_BLOCK;
}

static const struct site_file *find(const char *path)
{
    return site_find(&site, path, strlen(path));
}

static void expect(const char *path, const char *content)
{
    const struct site_file *file = find(path);

    assert_non_null(file);
    assert_int_equal(file->size, strlen(content));
    assert_memory_equal(image.bytes + file->offset, content, file->size);
}

static void expect_refused(const char *error)
{
    scan();
    assert_non_null(site.error);
    assert_string_equal(site.error, error);
    assert_int_equal(site.files, 0);
    assert_null(find("a"));
    assert_null(find("b"));
}

static void files_are_found(void **state)
{
    begin();
    add_entry("./", '5', "");
    add_entry("./index.html", '0', "<p>");
    add_entry("css/", '5', "");
    add_entry("css/a.css", '\0', "x");
    add_entry("empty", '0', "");
    add_end();
    scan();
    assert_null(site.error);
    assert_int_equal(site.files, 3);
    assert_int_equal(site.skipped, 0);
    expect("index.html", "<p>");
    expect("css/a.css", "x");
    expect("empty", "");
    assert_int_equal(find("empty")->modified, 05700000000);
    assert_null(find("css"));
    assert_null(find("css/"));
    assert_null(find(""));
    assert_null(find("./index.html"));
    assert_null(find("index.htm"));
    (void)state;
}

static void a_prefix_comes_before_the_name(void **state)
{
    char path[SITE_PATH_MAX + 1] = "";
    struct header *h;

    begin();
    h = add_entry("name", '0', "1");
    memcpy(h->prefix, "some/folder", 11);
    seal(h);
    h = add_entry("", '0', "2");
    memset(h->name, 'n', sizeof h->name);
    memset(h->prefix, 'p', sizeof h->prefix);
    seal(h);
    add_end();
    scan();
    assert_null(site.error);
    expect("some/folder/name", "1");
    memset(path, 'p', 155);
    path[155] = '/';
    memset(path + 156, 'n', 100);
    expect(path, "2");
    (void)state;
}

static void unclean_names_are_skipped(void **state)
{
    static const char *const names[] = {
        "/etc/passwd", "..",    "../a", "a/../b", "a/..", "a//b",  "a/",   "./.",
        ".",           "a/./b", "./",   "././",   "a\nb", "a\x7f", "\x01", "",
    };

    begin();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add_entry(names[i], '0', "no");
    }
    add_entry("...", '0', "yes");
    add_entry("..a", '0', "yes");
    add_entry("././b", '0', "yes");
    add_end();
    scan();
    assert_null(site.error);
    assert_int_equal(site.files, 3);
    assert_int_equal(site.skipped, sizeof names / sizeof names[0]);
    expect("...", "yes");
    expect("..a", "yes");
    expect("b", "yes");
    (void)state;
}

static void other_entries_are_skipped(void **state)
{
    struct header *link;

    begin();
    add_entry("a", '0', "1");
    link = add_entry("hard", '1', "");
    memcpy(link->size, "00000001000", 12); /* means nothing */
    seal(link);
    add_entry("soft", '2', "");
    add_entry("char", '3', "");
    add_entry("block", '4', "");
    add_entry("fifo", '6', "");
    add_entry("global", 'g', "52 comment=1234567890123456789012345678901234567890\n");
    add_entry("vendor", 'Z', "content");
    add_entry("b", '0', "2");
    add_end();
    scan();
    assert_null(site.error);
    assert_int_equal(site.files, 2);
    assert_int_equal(site.skipped, 7);
    expect("a", "1");
    expect("b", "2");
    (void)state;
}

static void the_last_of_two_counts(void **state)
{
    begin();
    add_entry("a", '0', "first");
    add_entry("./a", '0', "second one");
    add_end();
    scan();
    assert_int_equal(site.files, 1);
    expect("a", "second one");
    (void)state;
}

static void extensions_are_refused(void **state)
{
    static const char types[] = {'x', 'L', 'K'};

    for (size_t i = 0; i < sizeof types; i++) {
        begin();
        add_entry("a", '0', "1");
        add_entry("ext", types[i], "20 path=elsewhere\n");
        add_entry("b", '0', "2");
        add_end();
        expect_refused("the archive has pax or GNU extensions; make it with --format=ustar");
    }
    (void)state;
}

/* ---- Broken archives ---- */

static void foreign_content(void **state)
{
    begin();
    image.size = sizeof image.bytes;
    expect_refused("the partition is empty: it begins with zeros");
    memset(image.bytes, 0xff, sizeof image.bytes);
    expect_refused("the partition holds no ustar archive");
    for (size_t i = 0; i < sizeof image.bytes; i++) {
        image.bytes[i] = (unsigned char)(i * 2654435761U >> 13);
    }
    expect_refused("the partition holds no ustar archive");
    image.size = 511;
    expect_refused("the partition is empty");
    (void)state;
}

static void a_lone_block_of_zeros_is_forgiven(void **state)
{
    begin();
    add_entry("a", '0', "1");
    image.size += SITE_BLOCK;
    add_entry("b", '0', "2");
    add_end();
    scan();
    assert_null(site.error);
    expect("b", "2");
    (void)state;
}

/* Every byte of a header that means something: spoiled, it is noticed. */
static void each_byte_of_a_header_is_covered(void **state)
{
    for (size_t i = 0; i < SITE_BLOCK; i++) {
        begin();
        add_entry("a", '0', "1");
        unsigned char *h = (unsigned char *)add_entry("b", '0', "2");

        add_end();
        h[i] ^= 0x41;
        bool magic = i - offsetof(struct header, magic) < 8;

        /* The checksum's own end may be anything that ends a number. */
        if (i == offsetof(struct header, checksum) + 7) {
            scan();
            assert_null(site.error);
            continue;
        }
        expect_refused(magic ? "the archive is corrupt: a header has no 'ustar' magic"
                             : "the archive is corrupt: a header's checksum is wrong");
    }
    (void)state;
}

static void spoil_size(const char *text, size_t length)
{
    begin();
    add_entry("a", '0', "1");
    struct header *h = add_entry("b", '0', "2");

    memset(h->size, 0, sizeof h->size);
    memcpy(h->size, text, length);
    seal(h);
    add_end();
}

static void sizes(void **state)
{
    const char *octal = "the archive is corrupt: a header's size or time is not an octal number";
    const char *past = "the archive is truncated: a file reaches past the partition's end";

    spoil_size("", 0);
    expect_refused(octal);
    spoil_size("8", 1);
    expect_refused(octal);
    spoil_size("-1", 2);
    expect_refused(octal);
    spoil_size("1x", 2);
    expect_refused(octal);
    spoil_size("0x1", 3);
    expect_refused(octal);
    spoil_size("            ", 12);
    expect_refused(octal);
    spoil_size("\x80\0\0\0\0\0\0\0\0\0\0\1", 12); /* GNU's base 256 */
    expect_refused(octal);
    spoil_size("777777777777", 12);
    expect_refused(past);
    spoil_size("00000004000", 11); /* one block more than there is */
    expect_refused(past);
    spoil_size("  1 ", 4);
    scan();
    assert_null(site.error);
    expect("b", "2");
    (void)state;
}

static void a_bad_time_is_refused(void **state)
{
    begin();
    struct header *h = add_entry("a", '0', "1");

    memcpy(h->mtime, "yesterday  ", 12);
    seal(h);
    add_end();
    expect_refused("the archive is corrupt: a header's size or time is not an octal number");
    (void)state;
}

static void truncated_anywhere_it_is_refused(void **state)
{
    size_t whole;

    begin();
    add_entry("a", '0', "1");
    add_entry("c", '0', "0123456789");
    add_entry("d/", '5', "");
    whole = image.size;
    add_end();
    for (size_t size = SITE_BLOCK; size < whole + 2 * SITE_BLOCK; size += 64) {
        image.size = size;
        scan();
        assert_non_null(site.error);
        assert_int_equal(site.files, 0);
        assert_null(find("a"));
    }
    image.size = whole + 2 * SITE_BLOCK;
    scan();
    assert_null(site.error);
    assert_int_equal(site.files, 2);
    (void)state;
}

/* ---- Limits ---- */

/* A partition without end, made up as it is read. */
static uint64_t scan_made_up(const char *format, unsigned count, char type)
{
    struct header h;
    uint64_t at;
    unsigned n = 0;

    site_begin(&site, UINT64_MAX / 2);
    for (; site_wants(&site, &at); n++) {
        assert_int_equal(at, (uint64_t)n * SITE_BLOCK);
        memset(&h, 0, sizeof h);
        if (n < count) {
            snprintf(h.name, sizeof h.name, format, n);
            memcpy(h.size, "0", 2);
            memcpy(h.mtime, "0", 2);
            h.type = type;
            memcpy(h.magic, "ustar\00000", 8);
            seal(&h);
        }
        site_take(&site, &h);
    }
    return n;
}

static void many_files(void **state)
{
    char name[32];

    scan_made_up("file-%u", SITE_FILES_MAX, '0');
    assert_null(site.error);
    assert_int_equal(site.files, SITE_FILES_MAX);
    assert_int_equal(site.too_many, 0);
    for (unsigned i = 0; i < SITE_FILES_MAX; i++) {
        snprintf(name, sizeof name, "file-%u", i);
        assert_int_equal(find(name)->offset, (uint64_t)i * SITE_BLOCK + SITE_BLOCK);
    }
    assert_null(find("file-4096"));
    scan_made_up("file-%u", SITE_FILES_MAX + 10, '0');
    assert_int_equal(site.files, SITE_FILES_MAX);
    assert_int_equal(site.too_many, 10);
    assert_null(find("file-4096"));
    scan_made_up("%099u", 3000, '0');
    assert_int_equal(site.files, SITE_NAMES_MAX / 99);
    assert_int_equal(site.too_many, 3000 - SITE_NAMES_MAX / 99);
    (void)state;
}

static void an_endless_archive_ends(void **state)
{
    assert_int_equal(scan_made_up("folder-%u", UINT32_MAX, '5'), SITE_HEADERS_MAX + 1);
    assert_string_equal(site.error, "the archive has too many entries");
    (void)state;
}

/* ---- What GNU tar writes ---- */

static void an_archive_of_tar(void **state)
{
    static const char script[] =
        "set -e; t=$(mktemp -d); cd $t; mkdir -p s/deep/er; printf hello >s/a; : >s/empty; "
        "n=$(printf %060d 7); n=$n/$n; mkdir -p s/$n; printf long >s/$n/x; "
        "printf x >s/deep/er/x; ln -s ../a s/deep/link; ln s/a s/b; touch -d @784111777 s/a; "
        "tar --format=ustar --sort=name --dereference --hard-dereference -C s -cf - .; rm -rf $t";
    char path[130];

    begin();
    FILE *tar = popen(script, "r");
    image.size = fread(image.bytes, 1, sizeof image.bytes, tar);
    assert_int_equal(pclose(tar), 0);
    scan();
    assert_null(site.error);
    assert_int_equal(site.skipped, 0);
    assert_int_equal(site.files, 6);
    expect("a", "hello");
    expect("b", "hello");
    expect("empty", "");
    expect("deep/er/x", "x");
    expect("deep/link", "hello");
    snprintf(path, sizeof path, "%060d/%060d/x", 7, 7);
    expect(path, "long");
    assert_int_equal(find("a")->modified, 784111777);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found),
        cmocka_unit_test(a_prefix_comes_before_the_name),
        cmocka_unit_test(unclean_names_are_skipped),
        cmocka_unit_test(other_entries_are_skipped),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(extensions_are_refused),
        cmocka_unit_test(foreign_content),
        cmocka_unit_test(a_lone_block_of_zeros_is_forgiven),
        cmocka_unit_test(each_byte_of_a_header_is_covered),
        cmocka_unit_test(sizes),
        cmocka_unit_test(a_bad_time_is_refused),
        cmocka_unit_test(truncated_anywhere_it_is_refused),
        cmocka_unit_test(many_files),
        cmocka_unit_test(an_endless_archive_ends),
        cmocka_unit_test(an_archive_of_tar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
