/* Which messages of a maildrop are known, and how long they stay there: the functions that decide it. */
#include "backend/pop3/visit.h"

#define DAY 86400

static GArray *
items_of(const char *const *uidls, const guint64 *sizes, guint n)
{
	GArray *items = g_array_new(FALSE, TRUE, sizeof(struct drop_item));

	for (guint i = 0; i < n; i++) {
		struct drop_item item = {.n = i + 1, .uidl = uidls[i], .size = sizes[i]};

		g_array_append_val(items, item);
	}
	return items;
}

static struct drop_item *
at(GArray *items, guint i)
{
	return &g_array_index(items, struct drop_item, i);
}

static void
know(struct drop_known *known, gint64 id, const char *uidl, guint nth, guint64 size, gint64 digest)
{
	const struct store_drop drop = {.id = id, .uidl = uidl, .nth = nth, .size = size, .digest = digest};

	drop_known_add(known, &drop);
}

static void
names_and_sizes_tell(void)
{
	static const char *const uidls[] = {"b", "a", "c", "a"};
	static const guint64 sizes[] = {20, 10, 30, 11};
	g_autoptr(GArray) items = items_of(uidls, sizes, 4);
	struct drop_known *known = drop_known_new();

	know(known, 1, "a", 0, 10, 100);
	know(known, 2, "b", 0, 20, 200);
	know(known, 3, "gone", 0, 30, 300);
	g_assert_cmpuint(drop_known_match(known, items), ==, 2);
	g_assert_cmpint(at(items, 0)->row, ==, 2);
	g_assert_cmpint(at(items, 1)->row, ==, 1);
	g_assert_cmpint(at(items, 2)->row, ==, 0);
	/* The same name, another size: another message, and the second of that name. */
	g_assert_cmpint(at(items, 3)->row, ==, 0);
	g_assert_cmpuint(at(items, 3)->nth, ==, 1);
	drop_known_free(known);
}

static void
equal_names_are_counted(void)
{
	static const char *const uidls[] = {"a", "a", "a"};
	static const guint64 sizes[] = {10, 10, 10};
	g_autoptr(GArray) items = items_of(uidls, sizes, 3);
	struct drop_known *known = drop_known_new();

	know(known, 1, "a", 0, 10, 100);
	know(known, 2, "a", 1, 10, 100);
	g_assert_cmpuint(drop_known_match(known, items), ==, 2);
	g_assert_cmpint(at(items, 0)->row, ==, 1);
	g_assert_cmpint(at(items, 1)->row, ==, 2);
	g_assert_cmpint(at(items, 2)->row, ==, 0);
	g_assert_cmpuint(at(items, 2)->nth, ==, 2);
	drop_known_free(known);
}

/* Of two that are alike the one that is left is not that which was deleted. */
static void
what_was_deleted_is_met_last(void)
{
	static const char *const uidls[] = {"a", "a"};
	static const guint64 sizes[] = {10, 10};
	g_autoptr(GArray) items = items_of(uidls, sizes, 2);
	struct drop_known *known = drop_known_new();
	const struct store_drop sent = {.id = 1, .uidl = "a", .size = 10, .digest = 100, .state = DROP_SENT};

	drop_known_add(known, &sent);
	know(known, 2, "a", 1, 10, 100);
	g_assert_cmpuint(drop_known_match(known, items), ==, 2);
	g_assert_cmpint(at(items, 0)->row, ==, 2);
	g_assert_cmpint(at(items, 0)->state, ==, DROP_KEPT);
	g_assert_cmpint(at(items, 1)->row, ==, 1);
	g_assert_cmpint(at(items, 1)->state, ==, DROP_SENT);
	drop_known_free(known);
}

static void
others_are_told_by_their_headers_once(void)
{
	static const char *const uidls[] = {"new1", "new2", "", "new3"};
	static const guint64 sizes[] = {10, 10, 20, 40};
	g_autoptr(GArray) items = items_of(uidls, sizes, 4),
	                  missed = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct drop_known *known = drop_known_new();
	enum drop_state state = DROP_STATES;

	know(known, 1, "a", 0, 10, 100);
	know(known, 2, "b", 0, 10, 100);
	know(known, 3, "c", 0, 20, 300);
	know(known, 4, "d", 0, 50, 0);
	g_assert_cmpuint(drop_known_match(known, items), ==, 0);
	g_assert_true(drop_known_lacks(known, 10));
	g_assert_true(drop_known_lacks(known, 20));
	g_assert_false(drop_known_lacks(known, 40));
	g_assert_false(drop_known_lacks(known, 50)); /* nobody knows what it was */
	g_assert_cmpint(drop_known_meet(known, 10, 100, &state), ==, 1);
	g_assert_cmpint(state, ==, DROP_KEPT);
	g_assert_cmpint(drop_known_meet(known, 10, 100, &state), ==, 2);
	g_assert_cmpint(drop_known_meet(known, 10, 100, &state), ==, 0);
	g_assert_cmpint(drop_known_meet(known, 21, 300, &state), ==, 0);
	drop_known_missed(known, DROP_KEPT, missed);
	g_assert_cmpuint(missed->len, ==, 2);
	g_assert_cmpint(g_array_index(missed, gint64, 0), ==, 3);
	g_assert_cmpint(g_array_index(missed, gint64, 1), ==, 4);
	drop_known_free(known);
}

/* Of a header that says n. */
static gint64
digest_with(guint64 size, void *user)
{
	return (gint64)size * 10 + *(const int *)user;
}

/* A server may count other octets than it did: the name and the header tell. */
static void
another_size_alone_makes_no_other(void)
{
	static const char *const uidls[] = {"a", "a", "b"};
	static const guint64 sizes[] = {12, 11, 20};
	g_autoptr(GArray) items = items_of(uidls, sizes, 3);
	struct drop_known *known = drop_known_new();
	enum drop_state state = DROP_STATES;
	int one = 1, two = 2, other = 3;

	know(known, 1, "a", 0, 10, 101);
	know(known, 2, "a", 1, 15, 152);
	know(known, 3, "b", 0, 20, 203);
	know(known, 4, "", 0, 30, 304);
	g_assert_cmpuint(drop_known_match(known, items), ==, 1);
	g_assert_true(drop_known_names(known, "a"));
	g_assert_false(drop_known_names(known, "b"));
	g_assert_false(drop_known_names(known, ""));
	g_assert_cmpint(drop_known_meet_resized(known, "a", digest_with, &other, &state), ==, 0);
	g_assert_cmpint(drop_known_meet_resized(known, "a", digest_with, &two, &state), ==, 2);
	g_assert_cmpint(state, ==, DROP_KEPT);
	g_assert_cmpint(drop_known_meet_resized(known, "a", digest_with, &two, &state), ==, 0);
	/* Met by its name, it is not met by its digest once more, nor the other way round. */
	g_assert_cmpint(drop_known_meet(known, 15, 152, &state), ==, 0);
	g_assert_cmpint(drop_known_meet(known, 10, 101, &state), ==, 1);
	g_assert_cmpint(drop_known_meet_resized(known, "a", digest_with, &one, &state), ==, 0);
	drop_known_free(known);
}

/* A hundred thousand of one name cost no more than others: if each were compared with all, this would take
 * minutes. */
static void
many_alike(void)
{
	enum { MANY = 100000 };
	g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(struct drop_item));
	struct drop_known *known = drop_known_new(), *other = drop_known_new();
	enum drop_state state;
	int none = 7;

	for (guint i = 0; i < MANY; i++) {
		struct drop_item item = {.n = i + 1, .uidl = "same", .size = i % 2 ? i : 7};

		know(known, i + 1, "same", i, i % 2 ? i : 7, 1);
		know(other, i + 1, "same", i, i % 2 ? i : 7, 1);
		g_array_append_val(items, item);
	}
	g_assert_cmpuint(drop_known_match(known, items), ==, MANY);
	g_assert_cmpint(at(items, MANY - 1)->row, ==, MANY);
	for (guint i = 0; i < MANY; i++)
		at(items, i)->size = 2 * MANY + i;
	g_assert_cmpuint(drop_known_match(other, items), ==, 0);
	for (guint i = 0; i < MANY; i++)
		g_assert_cmpint(drop_known_meet_resized(other, "same", digest_with, &none, &state), ==, 0);
	drop_known_free(known);
	drop_known_free(other);
}

/* ---- leave-on-server ---- */

enum { INBOX = 1, ARCHIVE = 2, LIMBO = 0, ON_WAY = -2 };

struct leave_case {
	const char *policy;
	gint64 folder; /* -1: the message is gone, ON_WAY: another account is to get it */
	gboolean whole;
	gint64 age;
	enum drop_state state;
	enum leave_verdict verdict;
};

static const struct leave_case cases[] = {
        {"forever", INBOX, TRUE, 900, DROP_KEPT, LEAVE_THERE},
        {"forever", ARCHIVE, TRUE, 900, DROP_KEPT, LEAVE_THERE},
        {"forever", -1, FALSE, 900, DROP_KEPT, LEAVE_THERE},
        {"forever", INBOX, TRUE, 900, DROP_SENT, LEAVE_DELETE},
        {"forever", INBOX, FALSE, 900, DROP_SENT, LEAVE_FETCH},
        {"never", INBOX, TRUE, 0, DROP_KEPT, LEAVE_DELETE},
        {"never", INBOX, FALSE, 0, DROP_KEPT, LEAVE_FETCH},
        {"never", LIMBO, FALSE, 0, DROP_KEPT, LEAVE_THERE},
        {"never", -1, FALSE, 0, DROP_KEPT, LEAVE_DELETE},
        {"7d", INBOX, TRUE, 6, DROP_KEPT, LEAVE_THERE},
        {"7d", INBOX, TRUE, 7, DROP_KEPT, LEAVE_DELETE},
        {"7d", ARCHIVE, FALSE, 7, DROP_KEPT, LEAVE_FETCH},
        {"7d", ARCHIVE, FALSE, 6, DROP_KEPT, LEAVE_THERE},
        {"7d", -1, FALSE, 6, DROP_KEPT, LEAVE_THERE},
        {"7d", -1, FALSE, 7, DROP_KEPT, LEAVE_DELETE},
        {"until-deleted", INBOX, TRUE, 900, DROP_KEPT, LEAVE_THERE},
        {"until-deleted", ARCHIVE, TRUE, 900, DROP_KEPT, LEAVE_THERE},
        {"until-deleted", LIMBO, TRUE, 0, DROP_KEPT, LEAVE_DELETE},
        {"until-deleted", LIMBO, FALSE, 0, DROP_KEPT, LEAVE_THERE},
        {"until-deleted", -1, FALSE, 0, DROP_KEPT, LEAVE_DELETE},
        {"until-deleted", ON_WAY, TRUE, 0, DROP_KEPT, LEAVE_THERE},
        {"until-moved", ON_WAY, TRUE, 0, DROP_KEPT, LEAVE_THERE},
        {"never", ON_WAY, TRUE, 0, DROP_KEPT, LEAVE_DELETE},
        {"never", ON_WAY, FALSE, 0, DROP_KEPT, LEAVE_THERE},
        {"until-moved", INBOX, TRUE, 900, DROP_KEPT, LEAVE_THERE},
        {"until-moved", ARCHIVE, TRUE, 0, DROP_KEPT, LEAVE_DELETE},
        {"until-moved", ARCHIVE, FALSE, 0, DROP_KEPT, LEAVE_FETCH},
        {"until-moved", LIMBO, TRUE, 0, DROP_KEPT, LEAVE_DELETE},
        {"until-moved", -1, FALSE, 0, DROP_KEPT, LEAVE_DELETE},
};

static void
what_becomes_of_it(void)
{
	const gint64 now = 1700000000;

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct leave_case *c = &cases[i];
		struct store_drop drop = {.msg = c->folder == -1 ? 0 : 5,
		                          .folder = MAX(c->folder, 0),
		                          .whole = c->whole,
		                          .travels = c->folder == ON_WAY,
		                          .since = now - c->age * DAY,
		                          .state = c->state};
		struct conf_leave leave;

		g_test_message("case %u: %s", i, c->policy);
		g_assert_true(conf_leave_parse(c->policy, &leave));
		g_assert_cmpint(leave_verdict(&leave, &drop, INBOX, now), ==, c->verdict);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pop3/known/names-and-sizes-tell", names_and_sizes_tell);
	g_test_add_func("/pop3/known/equal-names-are-counted", equal_names_are_counted);
	g_test_add_func("/pop3/known/deleted-is-met-last", what_was_deleted_is_met_last);
	g_test_add_func("/pop3/known/others-are-told-by-their-headers-once",
	                others_are_told_by_their_headers_once);
	g_test_add_func("/pop3/known/another-size-alone-makes-no-other", another_size_alone_makes_no_other);
	g_test_add_func("/pop3/known/many-alike", many_alike);
	g_test_add_func("/pop3/leave/what-becomes-of-it", what_becomes_of_it);
	return g_test_run();
}
