#include "core/account-private.h"
#include "store/wanted.h"

/* Parts that were put off: one after the other, when nothing else is asked of the server. */

struct later { /* the one that is being fetched */
	struct lane *lane;
	msgid id;
	char *section;
};

gboolean
later_set(struct account *a, const struct command *c, GError **error)
{
	if (!c->ids || !c->ids->len)
		return TRUE;
	a->later_none = FALSE;
	return store_later_set(a->store, g_array_index(c->ids, msgid, 0), c->text ? c->text : "", !c->add,
	                       error);
}

void
later_free(struct later *later)
{
	if (later)
		g_free(later->section);
	g_free(later);
}

static void
remove_it(struct account *a, const struct later *later)
{
	GError *error = NULL;

	if (store_later_set(a->store, later->id, later->section, FALSE, &error))
		return;
	a->later_none = TRUE; /* not again and again on this link */
	journal_halt(a, error);
}

static void
done(const GError *error, void *user)
{
	struct account *a = user;
	struct later *later = g_steal_pointer(&a->later);
	struct event *event;

	lane_give(later->lane);
	if (!link_may_mend(error)) {
		remove_it(a, later);
		event = account_event(a, EVENT_BODY);
		event->id = later->id;
		account_post(a, event);
	} else {
		a->later_none = TRUE; /* until the next link */
	}
	later_free(later);
	work_on(a);
}

gboolean
later_on(struct account *a)
{
	g_autoptr(GPtrArray) all = NULL;
	const struct store_later *first;
	struct lane *lane;

	if (a->later)
		return a->later->lane->number == LANE_PERSON;
	if (a->later_none)
		return FALSE;
	all = store_laters(a->store);
	a->later_none = !all->len;
	if (!all->len || !(lane = lane_take(a, LANE_WORK)))
		return FALSE;
	first = all->pdata[0];
	a->later = g_new(struct later, 1);
	a->later->lane = lane;
	a->later->id = first->id;
	a->later->section = g_strdup(first->section);
	a->ops->part(lane->backend, first->id, first->section, NULL, done, a);
	return lane->number == LANE_PERSON;
}
