#include <string.h>
#include "base/error.h"
#include "base/idset.h"
#include "core/account-private.h"

/* Bodies for reading offline, as the keep policy of the folder asks: structures first where they are missing,
 * then the shown text, or whole messages; newest first, a screenful or two at a time so that a person's
 * request never waits long. */

enum {
	AT_ONCE = 50,
	WHOLE_AT_ONCE = 1000,
	WHOLE_LEAST = 1024, /* octets: so many messages are looked for as may fit */
	OCTETS_FIRST = 256 * 1024,
	OCTETS_BATCH = 2048 * 1024, /* the first where nobody waits for anything else */
	OCTETS_MIN = 64 * 1024,
	OCTETS_MAX = 16384 * 1024,
	SHORT_MS = 200,
	LONG_MS = 500,
	FLIGHTS = 2 /* of whole messages: so the line is never idle */
};

enum { SECTIONS_FEW = 16, SECTIONS_MANY = 200 };

struct keeping {
	struct account *account;
	struct lane *lane;
	gint64 folder;
	gboolean full;
	GArray *ids; /* msgid */
	guint64 octets;
	gint64 started; /* monotonic µs, 0: nothing was asked for */
};

static void
keeping_end(struct keeping *k)
{
	struct account *a = k->account;

	k->lane->keeping--;
	for (guint i = 0; k->full && i < k->ids->len; i++)
		g_hash_table_remove(a->fetching, &g_array_index(k->ids, msgid, i));
	g_array_unref(k->ids);
	g_free(k);
	work_on(a);
}

gboolean
keep_has_shown(struct account *a, msgid id, gboolean html)
{
	struct mime_part *root = store_structure(a->store, id, NULL);
	g_autoptr(GPtrArray) shown = root ? mime_part_shown(root, html) : NULL;
	gboolean here = root != NULL;

	for (guint i = 0; here && i < shown->len; i++)
		here = store_has_part(a->store, id, ((const struct mime_part *)shown->pdata[i])->section);
	g_clear_pointer(&root, mime_part_free);
	return here;
}

static gboolean
is_here(struct account *a, msgid id, gboolean full)
{
	return full ? store_has_part(a->store, id, "") : keep_has_shown(a, id, FALSE);
}

/* Learns from the time this batch took how much the next may fetch. */
static void
learn(struct account *a, gint64 started)
{
	gint64 ms = (g_get_monotonic_time() - started) / 1000;

	if (ms < SHORT_MS)
		a->keep_octets = MIN(a->keep_octets * 2, OCTETS_MAX);
	else if (ms > LONG_MS)
		a->keep_octets = MAX(a->keep_octets / 2, OCTETS_MIN);
}

/* Told by the sync that waits for it. Where nothing can be kept at all, as on a full disk, nothing more is
 * fetched in vain. */
static void
note_failure(struct account *a, gint64 folder, const GError *error, gboolean go_on)
{
	struct progress *p = work_progress(a, folder);

	g_clear_error(&p->unkept);
	p->unkept = g_error_copy(error);
	a->keep_halted = !go_on;
}

/* Another client has removed it meanwhile, or it stands elsewhere now. */
static gboolean
has_gone(const struct keeping *k, msgid id)
{
	return store_shown_in(k->account->store, id) != k->folder;
}

static void
fetched(const GError *error, void *user)
{
	struct keeping *k = user;
	struct account *a = k->account;
	guint settled = 0;

	if (k->started)
		learn(a, k->started);
	store_look(a->store);
	for (guint i = 0; i < k->ids->len && lane_is_up(k->lane); i++) {
		msgid id = g_array_index(k->ids, msgid, i);

		if (has_gone(k, id) ||
		    (is_here(a, id, k->full) && (k->full || store_set_text_here(a->store, id, NULL))))
			settled++;
		else
			idset_add(a->unkept, id);
	}
	store_look_end(a->store);
	if (error && settled < k->ids->len && fulmar_error_status(error) == FULMAR_FAILED)
		note_failure(a, k->folder, error, settled > 0);
	keeping_end(k);
}

/* Hundreds of small texts cost more to ask for than the message around them. */
static gboolean
whole_is_cheaper(struct account *a, msgid id, guint n, guint64 octets)
{
	return n > SECTIONS_MANY || (n > SECTIONS_FEW && store_size(a->store, id) / 4 <= octets);
}

guint64
keep_lacking(struct account *a, msgid id, const struct mime_part *root, gboolean html, GPtrArray *sections)
{
	g_autoptr(GPtrArray) shown = mime_part_shown(root, html);
	guint64 octets = 0;

	for (guint i = 0; i < shown->len; i++) {
		const struct mime_part *part = shown->pdata[i];

		if (store_has_part(a->store, id, part->section))
			continue;
		g_ptr_array_add(sections, g_strdup(part->section));
		octets += part->size;
	}
	if (whole_is_cheaper(a, id, sections->len, octets)) {
		g_ptr_array_set_size(sections, 0);
		g_ptr_array_add(sections, g_strdup(""));
	}
	return octets;
}

static void
add_sections(struct keeping *k, msgid id, GArray *ids, GPtrArray *sections)
{
	struct account *a = k->account;
	struct mime_part *root;

	if (k->full) {
		g_array_append_val(ids, id);
		g_ptr_array_add(sections, g_strdup(""));
		k->octets += store_size(a->store, id);
		return;
	}
	root = store_structure(a->store, id, NULL);
	if (!root)
		return;
	g_autoptr(GPtrArray) lacking = g_ptr_array_new_with_free_func(g_free);

	k->octets += keep_lacking(a, id, root, FALSE, lacking);
	for (guint i = 0; i < lacking->len; i++)
		g_array_append_val(ids, id);
	g_ptr_array_extend_and_steal(sections, g_steal_pointer(&lacking));
	mime_part_free(root);
}

static void
fetch_sections(struct keeping *k)
{
	struct account *a = k->account;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(g_free);

	store_look(a->store);
	for (guint i = 0; i < k->ids->len; i++) {
		add_sections(k, g_array_index(k->ids, msgid, i), ids, sections);
		if (k->octets >= a->keep_octets)
			g_array_set_size(k->ids, i + 1); /* the others have their turn next time */
	}
	store_look_end(a->store);
	if (!sections->len) {
		fetched(NULL, k);
		return;
	}
	for (guint i = 0; k->full && i < k->ids->len; i++)
		idset_add(a->fetching, g_array_index(k->ids, msgid, i));
	k->started = g_get_monotonic_time();
	a->ops->parts(k->lane->backend, (const msgid *)(void *)ids->data,
	              (const char *const *)sections->pdata, sections->len, fetched, k);
}

static void
structured(const GError *error, void *user)
{
	struct keeping *k = user;

	if (lane_is_up(k->lane))
		fetch_sections(k); /* of those that were told */
	else
		keeping_end(k);
}

static void
fetch_structures(struct keeping *k)
{
	struct account *a = k->account;
	g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(msgid));

	for (guint i = 0; i < k->ids->len; i++) {
		msgid id = g_array_index(k->ids, msgid, i);
		struct mime_part *root = store_structure(a->store, id, NULL);

		if (!root)
			g_array_append_val(lacking, id);
		g_clear_pointer(&root, mime_part_free);
	}
	if (lacking->len)
		a->ops->structures(k->lane->backend, (const msgid *)(void *)lacking->data, lacking->len,
		                   structured, k);
	else
		fetch_sections(k);
}

/* What waits to be carried to the server, or to be seen there, cannot be fetched. */
static gboolean
is_there(struct account *a, msgid id)
{
	gint64 folder;
	guint64 uid;

	return store_place(a->store, id, &folder, &uid, NULL, NULL) > 0;
}

/* Those of the policy that were not tried in vain on this link already. */
static gboolean
look_for_missing(struct account *a, struct keeping *k, gint64 since, guint most)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(msgid));
	guint want = most + g_hash_table_size(a->unkept) + g_hash_table_size(a->fetching);

	/* However many there are that cannot be fetched, those below have their turn. */
	for (;; want *= 2) {
		g_array_set_size(found, 0);
		g_array_set_size(k->ids, 0);
		if (!store_missing_bodies(a->store, k->folder, since, k->full, want, found, NULL))
			return FALSE;
		for (guint i = 0; i < found->len && k->ids->len < most; i++) {
			msgid id = g_array_index(found, msgid, i);

			if (!g_hash_table_contains(a->unkept, &id) &&
			    !g_hash_table_contains(a->fetching, &id) && is_there(a, id))
				g_array_append_val(k->ids, id);
		}
		if (k->ids->len == most || found->len < want || want > G_MAXINT32 / 2)
			return k->ids->len > 0;
	}
}

static gboolean
find_missing(struct account *a, struct keeping *k, gint64 since, guint most)
{
	gboolean found;

	store_look(a->store);
	found = look_for_missing(a, k, since, most);
	store_look_end(a->store);
	return found;
}

/* FALSE: of folder nothing is kept. since: UTC seconds of the oldest that is. */
static gboolean
wants(struct account *a, gint64 folder, gboolean *full, gint64 *since)
{
	struct store_folder *f = store_folder_by_id(a->store, folder, NULL);
	struct conf_keep keep;

	if (!f || !a->ops->remote || a->keep_halted) {
		g_clear_pointer(&f, store_folder_free);
		return FALSE;
	}
	/* The wish that was made on the screen is the later one. */
	if (!f->keep || !*f->keep || !conf_keep_parse(f->keep, &keep))
		keep = conf_keep_for(a->conf, a->settings, f->path);
	store_folder_free(f);
	*full = keep.what == KEEP_FULL || visits(a); /* there is no part of a message to be had */
	*since = keep.age < 0 ? G_MININT64 : g_get_real_time() / G_USEC_PER_SEC - keep.age;
	return keep.what != KEEP_HEADERS && keep.age != 0;
}

/* NULL: nothing is left to fetch. any: one message is enough to know that. */
static struct keeping *
find(struct account *a, gint64 folder, gboolean any)
{
	struct keeping *k;
	gboolean full;
	gint64 since;
	guint most;

	if (!wants(a, folder, &full, &since))
		return NULL;
	if (!a->keep_octets)
		a->keep_octets = a->flags & ACCOUNT_BATCH ? OCTETS_BATCH : OCTETS_FIRST;
	most = full ? MIN(WHOLE_AT_ONCE, a->keep_octets / WHOLE_LEAST) : AT_ONCE;
	k = g_new0(struct keeping, 1);
	k->account = a;
	k->folder = folder;
	k->full = full;
	k->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	if (find_missing(a, k, since, any ? 1 : most))
		return k;
	g_array_unref(k->ids);
	g_free(k);
	return NULL;
}

gboolean
keep_is_due(struct account *a, gint64 folder)
{
	struct keeping *k = find(a, folder, TRUE);

	if (!k)
		return FALSE;
	g_array_unref(k->ids);
	g_free(k);
	return TRUE;
}

static gboolean
begin(struct lane *lane, gint64 folder)
{
	struct account *a = lane->account;
	struct keeping *k = find(a, folder, FALSE);

	if (!k)
		return FALSE;
	k->lane = lane;
	lane->keeping++;
	lane->kept = folder;
	if (lane->current != folder)
		lane->current = 0; /* it is selected for these */
	if (k->full)
		fetch_sections(k);
	else
		fetch_structures(k);
	return TRUE;
}

gboolean
keep_on(struct lane *lane, gint64 folder)
{
	gboolean full;
	gint64 since;
	guint most = wants(lane->account, folder, &full, &since) && full ? FLIGHTS : 1;

	while (lane->keeping < most && (!lane->keeping || lane->kept == folder) && begin(lane, folder))
		;
	return lane->keeping > 0;
}
