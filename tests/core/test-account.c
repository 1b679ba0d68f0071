#include <string.h>
#include "base/error.h"
#include "bed.h"

/* An account on its own thread over a server in memory that fails the n-th verb. Whatever is interrupted,
 * each command ends once, and after one more round the store holds what the server has. */

enum { MESSAGES = 12, PIECE = 3, VERBS = 14 };

static void
make(struct bed *bed)
{
	bed_make(bed);
	for (int i = 0; i < MESSAGES; i++) {
		g_autofree char *text = g_strdup_printf("Message-ID: <%d@x>\r\n\r\n", i);

		memory_add_message("work", "INBOX", text, 0);
	}
	memory_set_piece("work", PIECE);
}

static struct command *
of_inbox(enum command_verb verb)
{
	struct command *c = bed_command(verb, "work");

	c->text = g_strdup("INBOX");
	return c;
}

static struct command *
star(struct bed *bed)
{
	struct command *c = bed_command(CMD_FLAG, "work");

	bed_add_id(bed, c, "INBOX", "<11@x>");
	c->add = FLAG_FLAGGED;
	return c;
}

static struct command *
cancel(guint64 id)
{
	struct command *c = bed_command(CMD_CANCEL, "work");

	c->op = (gint64)id;
	return c;
}

/* The store against the server, by a reader. */
static void
check(struct bed *bed)
{
	g_autofree char *here = bed_dump(bed, "work"), *there = memory_dump("work");
	struct store *store = bed_store(bed, "work");
	struct store_folder *inbox = store_folder_by_path(store, "INBOX", NULL);

	g_assert_true(inbox->complete);
	g_assert_cmpint(inbox->rows, ==, MESSAGES);
	bed_assert_same("the store", here, there);
	g_assert_cmpint(store_ops_waiting(store, NULL), ==, 0);
	store_folder_free(inbox);
	store_close(store);
}

static void
interrupt(guint verb, enum memory_fault fault)
{
	struct bed bed;
	guint64 ids[4];

	make(&bed);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&bed, of_inbox(CMD_OPEN)), ==, 0);
	bed_send(&bed, bed_command(CMD_GO_OFFLINE, "work"));
	bed_stop(&bed);

	memory_arm_any("work", verb, fault);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	ids[0] = bed_send(&bed, of_inbox(CMD_OPEN));
	ids[1] = bed_send(&bed, star(&bed));
	ids[2] = bed_send(&bed, bed_command(CMD_SYNC, "work"));
	ids[3] = bed_send(&bed, bed_command(CMD_REPLAY, "work"));
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		bed_await(&bed, ids[i]);
	bed_stop(&bed);

	memory_arm_any("work", 0, fault);
	bed_start(&bed, "work", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&bed, of_inbox(CMD_SYNC)), ==, 0);
	bed_stop(&bed);
	if (fault == MEMORY_REFUSES || fault == MEMORY_HANGS_UP)
		check(&bed);
	bed_remove(&bed);
}

static void
test_interrupt(gconstpointer fault)
{
	for (guint verb = 1; verb <= VERBS; verb++)
		interrupt(verb, (enum memory_fault)GPOINTER_TO_INT(fault));
}

static void
test_cancel(void)
{
	struct bed bed;
	guint64 sync, other;

	make(&bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, of_inbox(CMD_SYNC)), ==, FULMAR_NO_LINK);
	bed_send(&bed, bed_command(CMD_GO_ONLINE, "work"));
	sync = bed_send(&bed, bed_command(CMD_SYNC, "work"));
	other = bed_send(&bed, cancel(sync));
	bed_await(&bed, other);
	bed_await(&bed, sync);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, 0);
	bed_stop(&bed);
	check(&bed);
	bed_remove(&bed);
}

/* Only the last of the folders somebody leafs through counts; all are answered. */
static void
test_leafing(void)
{
	struct bed bed;
	guint64 ids[5];
	int code = -1;

	make(&bed);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		ids[i] = bed_send(&bed, of_inbox(CMD_OPEN));
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		code = bed_await(&bed, ids[i]);
	g_assert_cmpint(code, ==, 0);
	g_assert_cmpint(bed_do(&bed, of_inbox(CMD_SYNC)), ==, 0);
	bed_stop(&bed);
	check(&bed);
	bed_remove(&bed);
}

static void
test_fill_in_vain(gconstpointer fault)
{
	struct bed bed;

	make(&bed);
	memory_arm_fills("work", (enum memory_fault)GPOINTER_TO_INT(fault));
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&bed, of_inbox(CMD_SYNC)), !=, 0);
	bed_stop(&bed);
	g_assert_cmpuint(memory_fills("work"), <=, 16);
	bed_remove(&bed);
}

/* A server that hangs up at the first verb of each link is not asked again and again. */
static void
test_short_links(void)
{
	struct bed bed;
	guint64 id;
	int opened;

	make(&bed);
	memory_arm_fills("work", MEMORY_HANGS_UP);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	id = bed_send(&bed, bed_command(CMD_SYNC, "work"));
	/* It gets through between two fills, or meets the end of one link too many. */
	opened = bed_do(&bed, of_inbox(CMD_OPEN));
	g_assert_true(opened == FULMAR_OK || opened == FULMAR_NO_LINK);
	bed_do(&bed, cancel(id));
	bed_await(&bed, id);
	bed_stop(&bed);
	g_assert_cmpuint(memory_links("work"), <=, 4);
	bed_remove(&bed);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/account/any-verb-refused", GINT_TO_POINTER(MEMORY_REFUSES), test_interrupt);
	g_test_add_data_func("/account/any-verb-refused-for-now", GINT_TO_POINTER(MEMORY_NOT_NOW),
	                     test_interrupt);
	g_test_add_data_func("/account/any-verb-called-off", GINT_TO_POINTER(MEMORY_CALLS_OFF),
	                     test_interrupt);
	g_test_add_data_func("/account/any-verb-link-lost", GINT_TO_POINTER(MEMORY_HANGS_UP), test_interrupt);
	g_test_add_func("/account/cancel", test_cancel);
	g_test_add_func("/account/leafing", test_leafing);
	g_test_add_data_func("/account/fill-refused", GINT_TO_POINTER(MEMORY_REFUSES), test_fill_in_vain);
	g_test_add_data_func("/account/fill-called-off", GINT_TO_POINTER(MEMORY_CALLS_OFF),
	                     test_fill_in_vain);
	g_test_add_func("/account/short-links", test_short_links);
	return g_test_run();
}
