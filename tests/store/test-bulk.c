#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "store-util.h"
#include "store/bulk.h"

/* Whole messages by the hundred. */

enum { FEW = 3, MANY = 60 };

static char *
text_of(guint n)
{
	return g_strdup_printf("Subject: nr %u\r\nMessage-ID: <%u@x>\r\n\r\nThe text of nr %u.\r\n", n, n, n);
}

static char *
path_of(struct bed *bed, msgid id)
{
	return g_strdup_printf("%s/mail/%02x/%" G_GINT64_FORMAT ".eml", bed->dir, (guint)(id & 0xff), id);
}

static msgid
add(struct store_bulk *bulk, gint64 folder, guint n, const char *text, GError **error)
{
	gsize len = strlen(text);
	struct mime_part *root = mime_part_parse(text, len);
	struct envelope envelope;
	struct store_message message = {
	        .uid = n, .received = n, .size = len, .envelope = &envelope, .structure = root};
	msgid id;

	envelope_from_headers(&envelope, text, len);
	mime_part_number(root);
	id = store_bulk_add(bulk, folder, &message, text, error);
	envelope_clear(&envelope);
	mime_part_free(root);
	return id;
}

/* Their texts are lent until the end. */
static GPtrArray *
texts(guint n)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 1; i <= n; i++)
		g_ptr_array_add(all, text_of(i));
	return all;
}

static void
assert_whole(struct bed *bed, msgid id, guint n)
{
	g_autofree char *text = text_of(n), *preview = g_strdup_printf("The text of nr %u.", n);
	struct store_row *row = store_row(bed->store, id, NULL);
	g_autoptr(GBytes) body = store_part(bed->store, id, "", NULL);

	g_assert_nonnull(body);
	g_assert_cmpmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body), text, strlen(text));
	g_assert_cmpint(row->body, ==, BODY_FULL);
	g_assert_cmpint(row->attachments, ==, 0);
	g_assert_cmpstr(row->preview, ==, preview);
	store_row_free(row);
}

static void
come_in(struct bed *bed, guint n, gboolean durable)
{
	g_autoptr(GPtrArray) all = texts(n);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct store_bulk *bulk = store_bulk_begin(bed->store, durable, NULL);

	for (guint i = 1; i <= n; i++) {
		msgid id = add(bulk, bed->inbox, i, all->pdata[i - 1], NULL);

		g_assert_cmpint(id, !=, 0);
		g_array_append_val(ids, id);
	}
	g_assert_true(store_bulk_end(bulk, TRUE, NULL));
	for (guint i = 1; i <= n; i++)
		assert_whole(bed, g_array_index(ids, msgid, i - 1), i);
	check_store(bed->dir);
}

static void
new_ones_come_whole(struct bed *bed, gconstpointer unused)
{
	come_in(bed, FEW, TRUE);
}

static void
many_are_durable(struct bed *bed, gconstpointer unused)
{
	come_in(bed, MANY, TRUE);
}

static void
many_come_whole(struct bed *bed, gconstpointer unused)
{
	come_in(bed, MANY, FALSE);
}

/* Rows that are here get their octets, and lose the parts that those make superfluous. */
static void
known_ones_become_whole(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) all = texts(MANY);
	msgid ids[MANY];
	struct store_bulk *bulk;

	for (guint i = 0; i < MANY; i++)
		ids[i] = add_mail(bed->store, bed->inbox,
		                  &(struct mail){.uid = i + 1, .received = i, .size = strlen(all->pdata[i])});
	g_assert_true(store_part_put(bed->store, ids[0], "1", "part", 4, FALSE, NULL));
	bulk = store_bulk_begin(bed->store, TRUE, NULL);
	for (guint i = 0; i < MANY; i++)
		g_assert_cmpint(store_bulk_body(bulk, ids[i], all->pdata[i], strlen(all->pdata[i]), NULL), ==,
		                1);
	/* Again, and of one that is not there. */
	g_assert_cmpint(store_bulk_body(bulk, ids[0], "other", 5, NULL), ==, 1);
	g_assert_cmpint(store_bulk_body(bulk, ids[MANY - 1] + 1, "other", 5, NULL), ==, 0);
	g_assert_true(store_bulk_end(bulk, TRUE, NULL));
	for (guint i = 0; i < MANY; i++)
		assert_whole(bed, ids[i], i + 1);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM part"), ==, MANY);
	check_store(bed->dir);
}

/* A row that the store had all the time is given the octets, too. */
static void
one_is_met_again(struct bed *bed, gconstpointer unused)
{
	g_autofree char *text = text_of(7);
	msgid id = add_mail(bed->store, bed->inbox,
	                    &(struct mail){.uid = 7, .received = 7, .size = strlen(text)});
	struct store_bulk *bulk = store_bulk_begin(bed->store, TRUE, NULL);

	g_assert_cmpint(add(bulk, bed->inbox, 7, text, NULL), ==, id);
	g_assert_true(store_bulk_end(bulk, TRUE, NULL));
	assert_whole(bed, id, 7);
	check_store(bed->dir);
}

static void
given_up_leaves_nothing(struct bed *bed, gconstpointer unused)
{
	const guint sizes[] = {FEW, MANY};

	for (guint s = 0; s < G_N_ELEMENTS(sizes); s++) {
		g_autoptr(GPtrArray) all = texts(sizes[s]);
		struct store_bulk *bulk = store_bulk_begin(bed->store, TRUE, NULL);
		msgid id = 0;

		for (guint i = 0; i < sizes[s]; i++)
			id = add(bulk, bed->inbox, i + 1, all->pdata[i], NULL);
		g_assert_false(store_bulk_end(bulk, FALSE, NULL));
		for (guint i = 0; i < sizes[s]; i++) {
			g_autofree char *path = path_of(bed, id - i);

			g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
		}
	}
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, 0);
	check_store(bed->dir);
}

/* What somebody left there under this number is not written over, in case he holds it open: it makes place.
 */
static void
left_overs_make_place(struct bed *bed, gconstpointer unused)
{
	g_autofree char *text = text_of(1);
	msgid id = add_mail(bed->store, bed->inbox,
	                    &(struct mail){.uid = 1, .received = 1, .size = strlen(text)});
	g_autofree char *path = path_of(bed, id), *dir = g_path_get_dirname(path);
	g_autofree char *aside = g_build_filename(bed->dir, "aside", NULL), *kept = NULL;
	struct store_bulk *bulk;

	g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, "of somebody", -1, NULL));
	g_assert_cmpint(link(path, aside), ==, 0);
	bulk = store_bulk_begin(bed->store, TRUE, NULL);
	g_assert_cmpint(store_bulk_body(bulk, id, text, strlen(text), NULL), ==, 1);
	g_assert_true(store_bulk_end(bulk, TRUE, NULL));
	assert_whole(bed, id, 1);
	g_assert_true(g_file_get_contents(aside, &kept, NULL, NULL));
	g_assert_cmpstr(kept, ==, "of somebody");
}

/* A body that cannot be written lets none of the rows in. */
static void
a_fault_gives_all_up(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) all = texts(MANY);
	g_autofree char *mail = g_build_filename(bed->dir, "mail", NULL), *blocked = NULL;
	g_autoptr(GError) error = NULL;
	struct store_bulk *bulk = store_bulk_begin(bed->store, TRUE, NULL);
	msgid id = add(bulk, bed->inbox, 1, all->pdata[0], NULL);

	/* Where the folder of the next but nine would be lies a file. */
	blocked = g_strdup_printf("%s/%02x", mail, (guint)((id + 10) & 0xff));
	g_assert_cmpint(g_mkdir_with_parents(mail, 0700), ==, 0);
	g_assert_true(g_file_set_contents(blocked, "", 0, NULL));
	for (guint i = 1; i < MANY; i++)
		add(bulk, bed->inbox, i + 1, all->pdata[i], NULL);
	g_assert_false(store_bulk_end(bulk, TRUE, &error));
	g_assert_nonnull(error);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, 0);
	g_assert_cmpint(g_unlink(blocked), ==, 0);
	check_store(bed->dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/bulk/new", new_ones_come_whole);
	BED_TEST("/store/bulk/durable", many_are_durable);
	BED_TEST("/store/bulk/many", many_come_whole);
	BED_TEST("/store/bulk/known", known_ones_become_whole);
	BED_TEST("/store/bulk/met", one_is_met_again);
	BED_TEST("/store/bulk/given-up", given_up_leaves_nothing);
	BED_TEST("/store/bulk/left-over", left_overs_make_place);
	BED_TEST("/store/bulk/fault", a_fault_gives_all_up);
	return g_test_run();
}
