/* What a POP3 server has, and what becomes of that when messages go. */
#include <string.h>

#include "store-util.h"
#include "store/maildrop.h"

static gint64
add_drop(struct bed *bed, const char *uidl, guint nth, msgid msg)
{
	const struct store_drop drop = {
	        .uidl = uidl, .nth = nth, .size = 500, .digest = 77, .msg = msg, .since = 1700000000};
	g_autoptr(GError) error = NULL;
	gint64 id = store_drop_add(bed->store, &drop, &error);

	g_assert_no_error(error);
	return id;
}

/* "UIDL/nth:msg:folder:whole:state " for each. */
static void
write_down(const struct store_drop *drop, void *user)
{
	g_string_append_printf(user, "%s/%u:%d:%d:%d:%d ", drop->uidl, drop->nth, (int)drop->msg,
	                       (int)drop->folder, drop->whole, (int)drop->state);
}

static void
assert_drops(struct bed *bed, const char *want)
{
	g_autoptr(GString) have = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(store_drops(bed->store, write_down, have, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(have->str, ==, want);
}

static msgid
add_one(struct bed *bed, guint64 uid)
{
	return add_mail(bed->store, bed->inbox,
	                &(struct mail){.uid = uid, .received = (gint64)uid, .size = 500});
}

static void
put_body(struct bed *bed, msgid id, const char *text)
{
	g_assert_true(store_part_put(bed->store, id, "", text, strlen(text), FALSE, NULL));
}

static void
drops_are_kept(struct bed *bed, gconstpointer unused)
{
	const struct store_drop other = {.uidl = "\xff\x80", .nth = 3, .size = 501, .digest = 78};
	msgid mail = add_one(bed, 1);
	gint64 ids[4], here = -1;

	ids[0] = add_drop(bed, "../../etc", 0, mail);
	ids[1] = add_drop(bed, "twice", 0, 0);
	ids[2] = add_drop(bed, "twice", 1, 0);
	ids[3] = add_drop(bed, "", 0, 0);
	assert_drops(bed, "../../etc/0:1:1:0:0 twice/0:0:0:0:0 twice/1:0:0:0:0 /0:0:0:0:0 ");
	g_assert_cmpint(store_drop_count(bed->store, &here, NULL), ==, 4);
	g_assert_cmpint(here, ==, 1);
	put_body(bed, mail, "Subject: x\r\n\r\n");
	g_assert_true(store_drop_set_state(bed->store, ids + 1, 2, DROP_SENT, NULL));
	g_assert_true(store_drop_forget(bed->store, ids + 2, 2, NULL));
	g_assert_true(store_drop_rename(bed->store, ids[0], &other, NULL));
	bed_reopen(bed);
	assert_drops(bed, "\xff\x80/3:1:1:1:0 twice/0:0:0:0:1 ");
	g_assert_cmpint(ask(bed->dir, "SELECT size * 100 + digest FROM maildrop WHERE nth = 3"), ==, 50178);
}

static void
note_travel(const struct store_drop *drop, void *user)
{
	*(gboolean *)user = drop->travels;
}

/* On its way to another account a message is in no folder, and not gone. */
static void
a_drop_knows_that_its_message_travels(struct bed *bed, gconstpointer unused)
{
	msgid mail = add_one(bed, 1);
	gboolean travels = TRUE;

	add_drop(bed, "one", 0, mail);
	g_assert_true(store_drops(bed->store, note_travel, &travels, NULL));
	g_assert_false(travels);
	g_assert_true(store_journal_transfer(bed->store, &mail, 1, "work/Old", TRUE, "key", NULL, NULL));
	g_assert_true(store_drops(bed->store, note_travel, &travels, NULL));
	g_assert_true(travels);
}

static void
a_drop_is_found_by_its_message(struct bed *bed, gconstpointer unused)
{
	msgid mail = add_one(bed, 1), other = add_one(bed, 2);
	struct store_drop drop;
	gint64 id = add_drop(bed, "one", 2, mail);

	g_assert_cmpint(store_drop_of(bed->store, other, &drop, NULL), ==, 0);
	g_assert_cmpint(store_drop_of(bed->store, mail, &drop, NULL), ==, 1);
	g_assert_cmpint(drop.id, ==, id);
	g_assert_cmpstr(drop.uidl, ==, "one");
	g_assert_cmpuint(drop.nth, ==, 2);
	g_assert_cmpuint(drop.size, ==, 500);
	g_assert_cmpint(drop.digest, ==, 77);
	g_assert_cmpint(drop.since, ==, 1700000000);
	g_assert_cmpint(drop.folder, ==, bed->inbox);
	g_free((char *)drop.uidl);
}

/* What the person deleted for good is remembered, what got lost is fetched again. */
static void
what_is_lost_is_forgotten_and_what_is_deleted_is_not(struct bed *bed, gconstpointer unused)
{
	msgid lost = add_one(bed, 1), deleted = add_one(bed, 2), moved = add_one(bed, 3);
	gint64 other = add_folder(bed->store, "Other", ""), now = g_get_real_time() / G_USEC_PER_SEC;

	add_drop(bed, "lost", 0, lost);
	add_drop(bed, "deleted", 0, deleted);
	add_drop(bed, "moved", 0, moved);
	g_assert_true(store_journal_move(bed->store, &moved, 1, other, NULL, NULL));
	g_assert_true(store_moved(bed->store, 0, moved, other, 1, 1, NULL, NULL));
	g_assert_true(store_journal_purge(bed->store, &deleted, 1, NULL, NULL));
	assert_drops(bed, "lost/0:1:1:0:0 deleted/0:2:0:0:0 moved/0:3:2:0:0 ");
	g_assert_true(store_purged(bed->store, 0, deleted, NULL));
	begin(bed->store);
	g_assert_true(store_remove(bed->store, lost, NULL));
	commit(bed->store);
	assert_drops(bed, "deleted/0:2:0:0:0 moved/0:3:2:0:0 ");
	g_assert_true(store_expire(bed->store, now + 2 * 86400, NULL, NULL));
	assert_drops(bed, "deleted/0:0:0:0:0 moved/0:3:2:0:0 ");
	check_store(bed->dir);
}

/* Of two rows that turn out to be one message the older stays. */
static void
a_drop_follows_rows_that_become_one(struct bed *bed, gconstpointer unused)
{
	msgid old = add_one(bed, 1), young;
	gint64 other = add_folder(bed->store, "Other", "");

	g_assert_true(store_journal_move(bed->store, &old, 1, other, NULL, NULL));
	g_assert_true(store_op_set(bed->store, 1, OP_RUNNING, NULL, 0, NULL));
	young = add_mail(bed->store, other, &(struct mail){.uid = 9, .received = 1, .size = 500});
	add_drop(bed, "same", 0, young);
	g_assert_true(store_moved(bed->store, 1, old, other, 0, 9, NULL, NULL));
	assert_drops(bed, "same/0:1:2:0:0 ");
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message WHERE folder = 2"), ==, 1);
}

static gint64
digest(struct bed *bed, const char *header, guint64 size)
{
	return store_drop_digest(bed->store, header, strlen(header), size);
}

static void
a_message_has_a_digest(struct bed *bed, gconstpointer unused)
{
	static const char named[] = "From: a\r\nMessage-ID: <1@x>\r\nDate: today\r\n";
	static const char nameless[] = "From: a\r\nSubject: b\r\nStatus: O\r\n";
	gint64 is = digest(bed, named, 10), bare = digest(bed, nameless, 10);

	g_assert_cmpint(is, !=, 0);
	g_assert_cmpint(digest(bed, "date:  today\r\nMESSAGE-ID:\r\n <1@x>\r\nX-More: y\r\n\r\nText", 10), ==,
	                is);
	g_assert_cmpint(digest(bed, named, 11), !=, is);
	g_assert_cmpint(digest(bed, "Message-ID: <1@x>\r\nDate: tomorrow\r\n", 10), !=, is);
	g_assert_cmpint(digest(bed, "Message-ID: <2@x>\r\nDate: today\r\n", 10), !=, is);
	g_assert_cmpint(bare, !=, is);
	g_assert_cmpint(digest(bed, "From: a\r\nSubject: b\r\nStatus: RO\r\nX-UIDL: 7\r\n\r\nText", 10), ==,
	                bare);
	g_assert_cmpint(digest(bed, "From: a\r\nSubject: c\r\n", 10), !=, bare);
	g_assert_cmpint(digest(bed, "", 10), !=, digest(bed, "", 11));
	bed_reopen(bed);
	g_assert_cmpint(digest(bed, named, 10), ==, is);
}

static void
uids_are_given_in_order(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Other", "");
	struct store_folder *folder;
	msgid mail;

	g_assert_cmpuint(store_uid_next(bed->store, bed->inbox, NULL), ==, 1);
	mail = add_one(bed, 7);
	g_assert_cmpuint(store_uid_next(bed->store, bed->inbox, NULL), ==, 8);
	g_assert_true(store_journal_move(bed->store, &mail, 1, other, NULL, NULL));
	g_assert_cmpuint(store_uid_next(bed->store, bed->inbox, NULL), ==, 8);
	folder = folder_of(bed->store, bed->inbox);
	folder->uidnext = 20;
	g_assert_true(store_folder_put_state(bed->store, folder, NULL));
	store_folder_free(folder);
	g_assert_cmpuint(store_uid_next(bed->store, bed->inbox, NULL), ==, 20);
}

static gboolean
copy_body(struct bed *bed, msgid from, msgid to)
{
	gboolean lacking = FALSE;

	begin(bed->store);
	g_assert_true(store_copy_body(bed->store, from, to, &lacking, NULL));
	commit(bed->store);
	return lacking;
}

static guint
count_lacking(struct bed *bed)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	g_assert_true(store_copies_lack(bed->store, 10, ids, NULL));
	return ids->len;
}

/* A copy of a header gets its text when the message has it, as long as the server may give it. */
static void
a_copy_gets_the_body_of_its_source(struct bed *bed, gconstpointer unused)
{
	msgid mails[] = {add_one(bed, 1), add_one(bed, 2)};
	gint64 other = add_folder(bed->store, "Other", "");
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GBytes) body = NULL;
	const msgid *to;

	add_drop(bed, "one", 0, mails[0]);
	g_assert_true(store_journal_copy(bed->store, mails, 2, other, copies, NULL, NULL));
	to = (const msgid *)(const void *)copies->data;
	g_assert_true(copy_body(bed, mails[0], to[0]));
	g_assert_false(copy_body(bed, mails[1], to[1]));
	g_assert_cmpuint(count_lacking(bed), ==, 1);
	put_body(bed, mails[0], "Subject: x\r\n\r\ntext");
	g_assert_cmpuint(count_lacking(bed), ==, 0);
	g_assert_false(copy_body(bed, mails[0], to[0]));
	g_assert_false(copy_body(bed, mails[0], to[0]));
	g_assert_true(store_bodies_sync(bed->store, to, 2, NULL));
	body = store_part(bed->store, to[0], "", NULL);
	g_assert_cmpuint(g_bytes_get_size(body), ==, 18);
	g_assert_false(copy_body(bed, mails[0], 4711));
	check_store(bed->dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/maildrop/kept", drops_are_kept);
	BED_TEST("/store/maildrop/travels", a_drop_knows_that_its_message_travels);
	BED_TEST("/store/maildrop/by-message", a_drop_is_found_by_its_message);
	BED_TEST("/store/maildrop/lost-or-deleted", what_is_lost_is_forgotten_and_what_is_deleted_is_not);
	BED_TEST("/store/maildrop/one-of-two", a_drop_follows_rows_that_become_one);
	BED_TEST("/store/maildrop/digest", a_message_has_a_digest);
	BED_TEST("/store/maildrop/uids", uids_are_given_in_order);
	BED_TEST("/store/maildrop/copies", a_copy_gets_the_body_of_its_source);
	return g_test_run();
}
