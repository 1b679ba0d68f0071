#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

/* BODYSTRUCTURE (RFC 9051 §7.5.2, body): lists by position, extension data at the end and often missing. */

enum { DEPTH_MAX = 100, PARTS_MAX = 10000 };

struct build {
	guint parts;
};

static struct mime_part *part_of(struct build *build, const struct imap_node *list, guint depth);

static char *
lower(const struct imap_node *node)
{
	char *text = imap_node_dup(node);

	for (char *p = text; *p; p++)
		*p = g_ascii_tolower(*p);
	return text;
}

/* A parameter list ("CHARSET" "utf-8" …) → the header text that mime_parse_parameterised understands, so that
 * RFC 2231 and its misuses are decoded in one place. */
static GHashTable *
params_of(const struct imap_node *list)
{
	g_autoptr(GString) text = g_string_new("x");
	g_autofree char *value = NULL;
	GHashTable *params = NULL;

	if (list && list->type == IMAP_LIST)
		for (const struct imap_node *n = list->first; n && n->next; n = n->next->next) {
			g_autofree char *name = lower(n);
			g_autofree char *val = imap_node_dup(n->next);

			g_string_append_printf(text, "; %s=", name);
			if (strchr(name, '*')) {
				g_string_append(text, val);
				continue;
			}
			g_string_append_c(text, '"');
			for (const char *p = val; *p; p++) {
				if (*p == '"' || *p == '\\')
					g_string_append_c(text, '\\');
				g_string_append_c(text, *p);
			}
			g_string_append_c(text, '"');
		}
	mime_parse_parameterised(text->str, text->len, &value, &params);
	return params;
}

static void
take_params(struct mime_part *part, GHashTable *params)
{
	const char *value;

	if ((value = g_hash_table_lookup(params, "charset")))
		part->charset = g_strdup(value);
	if ((value = g_hash_table_lookup(params, "name")))
		part->name = g_strdup(value);
	if ((value = g_hash_table_lookup(params, "format")))
		part->flowed = !g_ascii_strcasecmp(value, "flowed");
	if ((value = g_hash_table_lookup(params, "delsp")))
		part->delsp = !g_ascii_strcasecmp(value, "yes");
	if ((value = g_hash_table_lookup(params, "protocol")))
		part->protocol = g_ascii_strdown(value, -1);
	if ((value = g_hash_table_lookup(params, "start")))
		part->start = g_strdup(value);
}

static void
take_disposition(struct mime_part *part, const struct imap_node *node)
{
	g_autoptr(GHashTable) params = NULL;
	const char *name;

	if (!node || node->type == IMAP_NIL)
		return;
	if (node->type != IMAP_LIST) {
		part->disposition = lower(node); /* Exchange: "inline" for ("inline" NIL) */
		return;
	}
	if (!node->first)
		return;
	part->disposition = lower(node->first);
	params = params_of(node->first->next);
	if ((name = g_hash_table_lookup(params, "filename"))) {
		g_free(part->name);
		part->name = g_strdup(name);
	}
}

static char *
strip_brackets(char *text)
{
	gsize len = strlen(text);

	if (len > 1 && text[0] == '<' && text[len - 1] == '>') {
		memmove(text, text + 1, len - 2);
		text[len - 2] = '\0';
	}
	return text;
}

static void
multipart(struct build *build, struct mime_part *part, const struct imap_node *list, guint depth)
{
	const struct imap_node *n = list->first;

	part->type = g_strdup("multipart");
	for (; n && n->type == IMAP_LIST; n = n->next) {
		struct mime_part *child = part_of(build, n, depth + 1);

		if (!child)
			continue;
		child->parent = part;
		g_ptr_array_add(part->children, child);
	}
	part->subtype = n && n->len ? lower(n) : g_strdup("mixed");
	n = n ? n->next : NULL;
	if (n) {
		g_autoptr(GHashTable) params = params_of(n);

		take_params(part, params);
		take_disposition(part, n->next);
	}
}

/* type subtype params id description encoding size [envelope body lines | lines] md5 disposition … */
static void
single(struct build *build, struct mime_part *part, const struct imap_node *list, guint depth)
{
	const struct imap_node *first = list->first;
	const struct imap_node *rest, *encoding = imap_node_nth(first, 5);
	g_autoptr(GHashTable) params = params_of(imap_node_nth(first, 2));
	guint64 n;

	part->type = lower(first);
	part->subtype = lower(imap_node_nth(first, 1));
	if (!*part->type || !*part->subtype) { /* Dovecot says so of a type that is none */
		g_free(part->type);
		g_free(part->subtype);
		part->type = g_strdup("application");
		part->subtype = g_strdup("octet-stream");
	}
	take_params(part, params);
	part->cid = strip_brackets(imap_node_dup(imap_node_nth(first, 3)));
	if (!*part->cid)
		g_clear_pointer(&part->cid, g_free);
	part->description = imap_node_dup(imap_node_nth(first, 4));
	if (encoding && encoding->text)
		part->encoding = mime_encoding_from_name((const char *)encoding->text, encoding->len);
	if (imap_node_number(imap_node_nth(first, 6), &n))
		part->size = n;
	rest = imap_node_nth(first, 7);
	if (!strcmp(part->type, "message") && !strcmp(part->subtype, "rfc822") && rest &&
	    rest->type == IMAP_LIST) {
		const struct imap_node *body = rest->next;
		struct mime_part *child =
		        body && body->type == IMAP_LIST ? part_of(build, body, depth + 1) : NULL;

		if (child) {
			child->parent = part;
			g_ptr_array_add(part->children, child);
		}
		rest = imap_node_nth(first, 9);
		if (imap_node_number(rest, &n))
			part->lines = n;
		rest = rest ? rest->next : NULL;
	} else if (!strcmp(part->type, "text")) {
		if (imap_node_number(rest, &n))
			part->lines = n;
		rest = rest ? rest->next : NULL;
	}
	take_disposition(part, rest ? rest->next : NULL);
}

/* A multipart in which a server found no parts is shown as the text it is: ("MIXED" ("BOUNDARY" "x") NIL NIL)
 * of Gmail, (NIL "mixed" …) and (() "mixed") of QQ and Yandex. */
static gboolean
has_no_parts(const struct imap_node *list)
{
	static const char *const kinds[] = {"mixed", "alternative", "related", "signed", "digest", "report"};
	const struct imap_node *first = list->first;

	if (first->type == IMAP_NIL || (first->type == IMAP_LIST && !first->first))
		return !first->next || first->next->type != IMAP_LIST;
	if (first->next && first->next->type == IMAP_STRING)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (imap_node_is(first, kinds[i]))
			return TRUE;
	return FALSE;
}

static struct mime_part *
part_of(struct build *build, const struct imap_node *list, guint depth)
{
	struct mime_part *part;

	if (!list || list->type != IMAP_LIST || !list->first || depth > DEPTH_MAX ||
	    build->parts == PARTS_MAX)
		return NULL;
	build->parts++;
	part = mime_part_new(); /* text/plain */
	if (has_no_parts(list))
		return part;
	g_clear_pointer(&part->type, g_free);
	g_clear_pointer(&part->subtype, g_free);
	if (list->first->type == IMAP_LIST)
		multipart(build, part, list, depth);
	else
		single(build, part, list, depth);
	return part;
}

struct mime_part *
imap_structure(const struct imap_node *list)
{
	struct build build = {0};
	struct mime_part *root = part_of(&build, list, 0);

	if (root)
		mime_part_number(root);
	return root;
}

/* ---- asking for it ---- */

gboolean
imap_tells_saved(const struct backend *b)
{
	return imap_has(b, "SAVEDATE") && !b->no_savedate;
}

struct asked {
	struct task *task;
	char *uids;
};

static void ask(struct backend *b, struct task *task, gint64 folder, const char *uids);

/* Whoever asks for structures opens messages: since when they are in the folder comes with them. */
static void
structures_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                const GError *error)
{
	struct asked *asked = cmd->user;

	if (error && response) {
		b->no_savedate = TRUE;
		ask(b, asked->task, cmd->folder, asked->uids);
		error = NULL;
	}
	task_release(asked->task, error);
	g_free(asked->uids);
	g_free(asked);
}

static void
fetched(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	task_release(cmd->user, error);
}

static void
ask(struct backend *b, struct task *task, gint64 folder, const char *uids)
{
	gboolean saved = imap_tells_saved(b);
	struct asked *asked = saved ? g_new0(struct asked, 1) : NULL;
	struct imap_cmd *cmd = asked ? imap_cmd_in(b, folder, "UID FETCH", structures_done, asked)
	                             : imap_cmd_in(b, folder, "UID FETCH", fetched, task);

	if (asked)
		*asked = (struct asked){task, g_strdup(uids)};
	imap_command_atom(cmd->wire, uids);
	imap_command_atom(cmd->wire, saved ? "(UID BODYSTRUCTURE SAVEDATE)" : "(UID BODYSTRUCTURE)");
	task_hold(task);
	imap_queue(b, cmd);
}

void
imap_structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user)
{
	struct task *task = task_new(&b->tasks, done, user);
	g_autoptr(GError) error = NULL;
	gint64 folder = 0;
	struct uidset uids;
	guint at = 0;
	char *slice;

	uidset_init(&uids);
	for (guint i = 0; i < n && !error; i++) {
		struct store_row *row = store_row(b->env->store, ids[i], &error);

		if (row && row->uid && (!folder || folder == row->folder)) {
			folder = row->folder;
			uidset_add(&uids, row->uid, row->uid);
		}
		g_clear_pointer(&row, store_row_free);
	}
	if (!error && !folder)
		fulmar_fail(&error, FULMAR_FAILED, _("the message is no longer on the server"));
	if (!error && imap_aim(b, folder, &error))
		while ((slice = uidset_format_slice(&uids, &at, 900))) {
			ask(b, task, folder, slice);
			g_free(slice);
		}
	uidset_clear(&uids);
	task_release(task, error);
}
