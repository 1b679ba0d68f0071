#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

enum { HEADER_MAX = 1 << 20, WORDS_MAX = 256 };

static const struct imap_fetch_section *
row_header(const struct imap_fetch *fetch)
{
	for (guint i = 0; i < fetch->n_sections; i++)
		if (fetch->sections[i].value && g_str_has_prefix(fetch->sections[i].section, "HEADER.FIELDS"))
			return &fetch->sections[i];
	return NULL;
}

/* New mail follows on what was counted; only then is its place in the map sure. */
static void
note_uid(struct imap_box *box, guint64 uid, guint64 seq)
{
	gboolean next = seq && seq == box->counted + 1;

	if (!box->lowest || uid < box->lowest)
		box->lowest = uid;
	if (uid > box->highest)
		box->highest = uid;
	box->rows++;
	box->counted += next;
	box->arrivals += box->since && uid >= box->since;
	/* Below the map's lowest UID there may be others that are not known. */
	if (box->mapped && (next || (seq <= box->counted && box->map.len && uid > box->map.ranges[0].lo)))
		uidset_add(&box->map, uid, uid);
}

/* Large ones come in a file; what lies beyond the first megabyte is nothing that a person reads. */
static void
read_header(struct envelope *envelope, const struct imap_node *value)
{
	g_autofree char *text = NULL;
	gsize len = value ? value->len : 0, have = 0;

	if (!value || value->spool_fd < 0) {
		envelope_from_headers(envelope, len ? (const char *)value->text : "", len);
		return;
	}
	len = MIN(len, (gsize)HEADER_MAX);
	text = g_malloc(len + 1);
	while (have < len) {
		gssize n = pread(value->spool_fd, text + have, len - have, (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (gsize)n;
	}
	envelope_from_headers(envelope, text, have);
}

/* Of more keywords than anybody sets the first are kept: each is compared with the others. */
static void
keep_first_words(GString *words)
{
	gsize at = 0;

	for (guint n = 0; at < words->len && n < WORDS_MAX; n++)
		at += strcspn(words->str + at + 1, " ") + 1;
	g_string_truncate(words, MIN(at, words->len));
}

/* Flags and labels as one list of words. */
static guint
read_flags(struct backend *b, const struct imap_fetch *fetch, GString *keywords)
{
	guint flags = imap_flags_of(fetch->flags, keywords);

	if (fetch->has_labels)
		imap_labels_of(fetch->labels, keywords);
	else if (b->gmail)
		imap_labels_kept(b, fetch->uid, keywords);
	keep_first_words(keywords);
	return flags;
}

/* A row whose UID was unknown since UIDVALIDITY changed; one that is not here is fetched later. */
static void
bind_row(struct backend *b, const struct store_message *message)
{
	g_autoptr(GError) error = NULL;

	if (!imap_tx(b) || store_rebind(b->env->store, b->box.folder, message, &error))
		return;
	if (error)
		imap_drop(b, error);
	else
		uidset_add(&b->box.strange, message->uid, message->uid);
}

static void
add_row(struct backend *b, const struct store_message *message)
{
	g_autoptr(GError) error = NULL;
	struct imap_box *box = &b->box;
	msgid id;

	if (!imap_tx(b))
		return;
	id = store_add(b->env->store, box->folder, message, &error);
	if (!id) {
		imap_drop(b, error);
	} else if (box->news_from && message->uid >= box->news_from) {
		/* What was here before has only been moved. */
		b->arrived += !(message->flags & FLAG_SEEN) && id > b->newest_id;
		box->news_from = message->uid + 1;
	}
}

static void
take_row(struct backend *b, const struct imap_fetch *fetch, const struct imap_fetch_section *header)
{
	g_autoptr(GString) keywords = g_string_new(NULL);
	struct mime_part *structure = fetch->structure ? imap_structure(fetch->structure) : NULL;
	g_autofree char *preview = fetch->preview ? imap_node_dup(fetch->preview) : NULL;
	struct envelope envelope;
	struct store_message message = {
	        .uid = fetch->uid,
	        .size = fetch->size,
	        .flags = read_flags(b, fetch, keywords),
	        .keywords = keywords->str,
	        .envelope = &envelope,
	        .structure = structure,
	        .email_id = fetch->email_id,
	};

	if (preview && g_utf8_validate(preview, -1, NULL))
		message.preview = preview;
	read_header(&envelope, header->value);
	message.received =
	        fetch->has_internaldate && fetch->internaldate > 0 ? fetch->internaldate : envelope.date;
	if (b->box.rebinding && !g_ascii_strcasecmp(header->section, "HEADER.FIELDS (MESSAGE-ID)"))
		bind_row(b, &message);
	else
		add_row(b, &message);
	if (b->conn)
		imap_withheld_row(b, fetch->uid, &envelope);
	envelope_clear(&envelope);
	g_clear_pointer(&structure, mime_part_free);
	imap_notify_row(b, fetch);
	note_uid(&b->box, fetch->uid, fetch->seq);
	imap_fill_row(b, fetch->uid);
	b->touched = b->box.folder;
}

static void
take_flags(struct backend *b, const struct imap_fetch *fetch)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) keywords = g_string_new(NULL);
	guint flags = read_flags(b, fetch, keywords);

	if (!imap_tx(b))
		return;
	if (!store_set_base(b->env->store, b->box.folder, fetch->uid, flags, keywords->str, &error) && error)
		imap_drop(b, error);
	b->touched = b->box.folder;
}

static void
take_structure(struct backend *b, const struct imap_fetch *fetch)
{
	g_autoptr(GError) error = NULL;
	struct mime_part *structure = imap_structure(fetch->structure);
	msgid id = store_id_by_uid(b->env->store, b->box.folder, fetch->uid, NULL);

	if (structure && id && imap_tx(b) && !store_set_structure(b->env->store, id, structure, &error))
		imap_drop(b, error);
	g_clear_pointer(&structure, mime_part_free);
	b->touched = b->box.folder;
}

static void
take_saved(struct backend *b, const struct imap_fetch *fetch)
{
	g_autoptr(GError) error = NULL;
	msgid id = store_id_by_uid(b->env->store, b->box.folder, fetch->uid, NULL);

	if (id && imap_tx(b) &&
	    !store_set_saved(b->env->store, id, b->box.folder, fetch->uid, MAX(fetch->saved, 0), &error))
		imap_drop(b, error);
	b->touched = b->box.folder;
}

/* UIDs are those of the rows only while UIDVALIDITY is the one they were stored under; a SELECT under way has
 * said it before any FETCH. */
void
imap_on_fetch(struct backend *b, const struct imap_response *response)
{
	struct imap_fetch fetch;
	const struct imap_fetch_section *header;

	if (!imap_box_valid(&b->box) || !imap_fetch_decode(response, &fetch))
		return;
	if (!fetch.uid)
		fetch.uid = imap_box_uid(&b->box, fetch.seq);
	if (!fetch.uid || fetch.uid > G_MAXUINT32 || (!fetch.seq && !b->uidonly))
		return;
	header = row_header(&fetch);
	if (header && !b->box.rebinding && !g_ascii_strcasecmp(header->section, "HEADER.FIELDS (MESSAGE-ID)"))
		return; /* what locate.c asks for is not enough for a row */
	if (header) {
		take_row(b, &fetch, header);
		return;
	}
	if (fetch.has_flags && !imap_is_guest(b))
		take_flags(b, &fetch);
	else if (b->survey)
		imap_survey_take(b, fetch.seq, fetch.uid);
	if (fetch.structure && b->conn)
		take_structure(b, &fetch);
	for (guint i = 0; b->conn && i < fetch.n_sections; i++)
		imap_on_section(b, fetch.uid, &fetch.sections[i]);
	if (fetch.has_saved && b->conn &&
	    !imap_bodies_date(b->bodies, b->box.folder, fetch.uid, MAX(fetch.saved, 0)))
		take_saved(b, &fetch);
}

void
imap_on_exists(struct backend *b, const struct imap_response *response)
{
	if (!b->box.folder)
		return;
	b->box.exists = MIN(response->number, G_MAXUINT32);
	imap_box_news(b);
}

static void
remove_uids(struct backend *b, const struct uidset *uids)
{
	g_autoptr(GError) error = NULL;

	if (imap_is_guest(b) || !imap_tx(b))
		return;
	if (store_remove_uids(b->env->store, b->box.folder, uids, &error) < 0)
		imap_drop(b, error);
	b->touched = b->box.folder;
}

void
imap_on_expunge(struct backend *b, const struct imap_response *response)
{
	struct imap_box *box = &b->box;
	guint64 uid = imap_box_uid(box, response->number);
	struct uidset gone;

	if (!imap_box_valid(box) || !response->number || response->number > box->exists)
		return;
	box->exists--;
	box->shifted = TRUE;
	if (response->number <= box->counted)
		box->counted--;
	if (response->number <= box->asked)
		box->asked--;
	if (!uid) {
		/* Which one is not known: numbers are not kept while headers are missing, nor where VANISHED
		 * was agreed. */
		box->doubt = TRUE;
		box->mapped = FALSE;
		imap_box_resolve(b, NULL);
		return;
	}
	uidset_remove(&box->map, uid, uid);
	uidset_init(&gone);
	uidset_add(&gone, uid, uid);
	remove_uids(b, &gone);
	uidset_clear(&gone);
}

enum { FEW = 20 };

/* What commands of our own take out of the selected folder now. */
static void
own_removals(const struct backend *b, struct uidset *out)
{
	for (const GList *l = b->sent.head; l; l = l->next) {
		const struct imap_cmd *cmd = l->data;

		if (cmd->takes && cmd->folder == b->box.folder)
			uidset_parse(out, cmd->takes, strlen(cmd->takes), (guint)strlen(cmd->takes));
	}
}

/* Keeps in gone what is here. FALSE when that is so much of the folder that a server which lost its memory is
 * as likely as a person who tidied up elsewhere. */
static gboolean
is_believable(struct backend *b, struct uidset *gone)
{
	struct uidset here, own, others, rest;
	guint64 n, lost;

	if (uidset_count(gone) <= FEW)
		return TRUE;
	uidset_init(&here);
	uidset_init(&own);
	uidset_init(&others);
	uidset_init(&rest);
	if (!store_uids(b->env->store, b->box.folder, 0, 0, &here, NULL))
		uidset_clear(&here);
	own_removals(b, &own);
	uidset_subtract(&others, gone, &own);
	uidset_subtract(&rest, &here, &others);
	n = uidset_count(&here);
	lost = n - uidset_count(&rest);
	uidset_clear(&rest);
	uidset_subtract(&rest, &here, gone);
	uidset_clear(gone);
	uidset_subtract(gone, &here, &rest);
	uidset_clear(&here);
	uidset_clear(&own);
	uidset_clear(&others);
	uidset_clear(&rest);
	return lost <= FEW || lost * 5 <= n;
}

void
imap_on_vanished(struct backend *b, const struct imap_response *response)
{
	struct imap_box *box = &b->box;
	gboolean earlier = FALSE;
	struct uidset gone;

	uidset_init(&gone);
	if (imap_box_valid(box) && imap_vanished_decode(response, &gone, &earlier)) {
		guint64 n = uidset_count(&gone);

		if (!earlier) {
			box->shifted = TRUE;
			box->exists = n < box->exists ? box->exists - n : 0;
			box->counted = n < box->counted ? box->counted - n : 0;
			box->asked = n < box->asked ? box->asked - n : 0;
		}
		imap_slice_end(b);
		if (b->conn && is_believable(b, &gone)) {
			remove_uids(b, &gone);
		} else {
			box->doubt = TRUE;
			imap_box_resolve(b, NULL);
		}
	}
	uidset_clear(&gone);
}

gboolean
imap_tells_gone(const struct imap_response *response, struct uidset *uids)
{
	gboolean earlier = FALSE;

	if (response->name && !strcmp(response->name, "EXPUNGE"))
		return TRUE;
	return response->name && !strcmp(response->name, "VANISHED") &&
	       imap_vanished_decode(response, uids, &earlier) && !earlier && uids->len;
}

/* ESEARCH names its command; an untagged SEARCH is of the only one under way, as such a command goes alone
 * (verify.c). */
void
imap_on_search(struct backend *b, const struct imap_response *response)
{
	struct uidset found;
	struct imap_search search = {.all = &found};

	uidset_init(&found);
	if (imap_search_decode(response, &search))
		for (GList *l = b->sent.head; l; l = l->next) {
			struct imap_cmd *cmd = l->data;

			if (!cmd->found || (search.tag && strcmp(search.tag, cmd->tag)))
				continue;
			cmd->count = search.count;
			cmd->counted = search.has_count;
			for (guint i = 0; i < found.len; i++)
				uidset_add(cmd->found, found.ranges[i].lo, found.ranges[i].hi);
			break;
		}
	uidset_clear(&found);
}

enum { KEYWORDS_MAX = 64 };

/* Keywords that may occur in the folder; a plain resync looks for each. */
void
imap_on_flags(struct backend *b, const struct imap_response *response)
{
	const struct imap_node *list = response->args;
	g_autoptr(GString) words = g_string_new(NULL);
	g_auto(GStrv) split = NULL;

	if (!b->box.folder || !list || list->type != IMAP_LIST)
		return;
	if (imap_flags_of(list->first, words) & FLAG_FORWARDED)
		g_string_append(words, words->len ? " $Forwarded" : "$Forwarded");
	split = g_strsplit(words->str, " ", KEYWORDS_MAX + 1);
	g_clear_pointer(&b->box.keywords, g_ptr_array_unref);
	b->box.keywords = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; split[i] && *split[i] && i < KEYWORDS_MAX; i++)
		if (imap_is_flag(split[i]))
			g_ptr_array_add(b->box.keywords, g_strdup(split[i]));
}

/* ---- what a slice wrote ---- */

void
imap_slice_end(struct backend *b)
{
	g_autoptr(GError) error = NULL;
	gint64 touched = b->touched;

	imap_notify_save(b);
	if (b->in_tx) {
		b->in_tx = FALSE;
		/* What this slice brought is not here: nothing may be built on it, and a new session asks
		 * again. */
		if (!store_commit(b->env->store, &error))
			imap_drop(b, error);
	}
	if (touched) {
		guint arrived = b->arrived;

		b->touched = 0;
		b->arrived = 0;
		b->env->hooks->rows(touched, b->env->user);
		if (arrived)
			b->env->hooks->arrived(touched, arrived, b->env->user);
	}
	imap_notify_tell(b);
}

gboolean
imap_tx(struct backend *b)
{
	g_autoptr(GError) error = NULL;

	if (b->in_tx)
		return TRUE;
	if (!store_begin(b->env->store, FALSE, &error)) {
		imap_drop(b, error);
		return FALSE;
	}
	b->in_tx = TRUE;
	b->newest_id = store_last_id(b->env->store);
	return TRUE;
}
