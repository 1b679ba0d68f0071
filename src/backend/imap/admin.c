#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

/* What is not mail: who may do what with a folder (ACL, RFC 4314), how much room there is (QUOTA, RFC 9208),
 * notes on a folder (METADATA, RFC 5464). Asked for and answered while the link is up, never kept. */

struct asking {
	struct task *task;
	struct task *step;
	struct store_folder *folder;
	enum admin_kind kind;
	char *name, *value;
	void (*answer)(const char *name, const char *value, void *user);
	void *user;
	GString *rights;   /* SET_RIGHTS: letters that may be given, NULL not told */
	gboolean own_told; /* RIGHTS: my own are known: the others' are a bonus */
	gboolean plainly;  /* NOTES: without depth */
	GError *error;
};

enum { NOTE_MAX = 64 * 1024, ANSWERS_MAX = 1000 };

static void
asking_end(const GError *error, void *user)
{
	struct asking *a = user;

	if (error && !a->error)
		a->error = g_error_copy(error);
	task_release(a->task, a->error);
	g_clear_error(&a->error);
	if (a->rights)
		g_string_free(a->rights, TRUE);
	store_folder_free(a->folder);
	g_free(a->name);
	g_free(a->value);
	g_free(a);
}

static void
release(struct asking *a)
{
	task_release(a->step, NULL);
}

static void
asked(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct asking *a = cmd->user;

	if (error && !a->error)
		a->error = g_error_copy(error);
	release(a);
}

static struct imap_cmd *
command(struct backend *b, struct asking *a, const char *name, imap_cmd_done done,
        void (*data)(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response))
{
	struct imap_cmd *cmd = imap_cmd_new(b, name, done, a);

	cmd->on_data = data;
	task_hold(a->step);
	imap_command_mailbox(cmd->wire, a->folder->wire);
	return cmd;
}

static gboolean
is_named(const struct imap_response *response, const char *name)
{
	return response->name && !strcmp(response->name, name);
}

static gboolean
is_of(const struct asking *a, const struct imap_node *mailbox)
{
	g_autofree char *name = imap_node_dup(mailbox);

	return !strcmp(name, a->folder->wire) ||
	       (!strcmp(a->folder->wire, "INBOX") && !g_ascii_strcasecmp(name, "INBOX"));
}

static void
tell(struct asking *a, const char *name, const struct imap_node *value)
{
	g_autofree char *text = imap_node_dup(value);

	a->answer(name, text, a->user);
}

/* ---- ACL ---- */

static void
rights_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct asking *a = cmd->user;
	const struct imap_node *n = response->args;

	if (!n || !is_of(a, n))
		return;
	if (is_named(response, "MYRIGHTS") && !a->own_told) {
		a->own_told = TRUE;
		tell(a, "", n->next);
	} else if (is_named(response, "ACL")) {
		guint told = 0;

		for (n = n->next; n && n->next && told < ANSWERS_MAX; n = n->next->next, told++) {
			g_autofree char *who = imap_node_dup(n);

			if (*who)
				tell(a, who, n->next);
		}
	}
}

/* Who may not see the list still knows what he may do himself. */
static void
acl_told(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct asking *a = cmd->user;

	if (error && !a->error && (!response || !a->own_told))
		a->error = g_error_copy(error);
	release(a);
}

static void
ask_rights(struct backend *b, struct asking *a)
{
	imap_queue(b, command(b, a, "MYRIGHTS", asked, rights_data));
	imap_queue(b, command(b, a, "GETACL", acl_told, rights_data));
}

static void
listrights_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct asking *a = cmd->user;
	const struct imap_node *n = response->args;

	if (!is_named(response, "LISTRIGHTS") || !n || !is_of(a, n) || !n->next)
		return;
	if (!a->rights)
		a->rights = g_string_new(NULL);
	for (n = n->next->next; n; n = n->next) {
		g_autofree char *letters = imap_node_dup(n);

		g_string_append_len(a->rights, letters, (gssize)MIN(strlen(letters), 64));
		if (a->rights->len > ANSWERS_MAX)
			break;
	}
}

static void
set_rights(struct backend *b, struct asking *a)
{
	struct imap_cmd *cmd = command(b, a, *a->value ? "SETACL" : "DELETEACL", asked, NULL);

	imap_command_string(cmd->wire, a->name, strlen(a->name));
	if (*a->value)
		imap_command_string(cmd->wire, a->value, strlen(a->value));
	imap_queue(b, cmd);
}

/* c and d of RFC 2086 stand for several rights and are in no list that follows RFC 4314. */
static void
listed_rights(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	struct asking *a = cmd->user;

	if (!response)
		a->error = a->error ? a->error : g_error_copy(error);
	for (const char *p = a->value; !error && a->rights && *p && !a->error; p++)
		if (!strchr(a->rights->str, *p) && *p != 'c' && *p != 'd')
			fulmar_fail(&a->error, FULMAR_FAILED,
			            _("%s cannot give the right “%c” to %s; it knows these: %s"),
			            b->env->account->host, *p, a->name, a->rights->str);
	if (!a->error)
		set_rights(b, a);
	release(a);
}

static gboolean
are_rights(const char *value)
{
	for (const char *p = value; *p; p++)
		if (!g_ascii_islower(*p) && !g_ascii_isdigit(*p))
			return FALSE;
	return TRUE;
}

static void
change_rights(struct backend *b, struct asking *a)
{
	struct imap_cmd *cmd;

	if (!*a->name || !are_rights(a->value)) {
		fulmar_fail(&a->error, FULMAR_FAILED,
		            _("rights are letters like “lrs” for a name of somebody; nothing was changed"));
		return;
	}
	if (!*a->value) {
		set_rights(b, a);
		return;
	}
	cmd = command(b, a, "LISTRIGHTS", listed_rights, listrights_data);
	imap_command_string(cmd->wire, a->name, strlen(a->name));
	imap_queue(b, cmd);
}

/* ---- QUOTA ---- */

static void
quota_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct asking *a = cmd->user;
	const struct imap_node *list = imap_node_nth(response->args, 1);
	g_autofree char *root = NULL;
	guint told = 0;

	if (!is_named(response, "QUOTA") || !list || list->type != IMAP_LIST)
		return;
	root = imap_node_dup(response->args);
	for (const struct imap_node *n = list->first; n && told < ANSWERS_MAX; told++) {
		const struct imap_node *used = n->next, *limit = used ? used->next : NULL;
		g_autofree char *resource = imap_node_dup(n);
		g_autofree char *name = g_strdup_printf("%s %s", root, resource);
		g_autofree char *value = NULL;
		guint64 have, most;

		if (!limit || !imap_node_number(used, &have) || !imap_node_number(limit, &most))
			return;
		value = g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, have, most);
		a->answer(name, value, a->user);
		n = limit->next;
	}
}

static void
ask_quota(struct backend *b, struct asking *a)
{
	imap_queue(b, command(b, a, "GETQUOTAROOT", asked, quota_data));
}

/* ---- METADATA ---- */

static void
notes_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct asking *a = cmd->user;
	const struct imap_node *list = imap_node_nth(response->args, 1);
	guint told = 0;

	if (!is_named(response, "METADATA") || !is_of(a, response->args) || !list || list->type != IMAP_LIST)
		return;
	for (const struct imap_node *n = list->first; n && n->next && told < ANSWERS_MAX; n = n->next->next) {
		g_autofree char *entry = imap_node_dup(n);

		if (!*entry || n->next->type == IMAP_NIL || n->next->spool_fd >= 0)
			continue;
		tell(a, entry, n->next);
		told++;
	}
}

static void ask_notes(struct backend *b, struct asking *a);

/* Not every server that has notes lists them. */
static void
notes_told(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct asking *a = cmd->user;

	if (error && response && !a->plainly) {
		a->plainly = TRUE;
		ask_notes(b, a);
	} else if (error && !a->error) {
		a->error = g_error_copy(error);
	}
	release(a);
}

static void
ask_notes(struct backend *b, struct asking *a)
{
	struct imap_cmd *cmd;

	if (a->plainly) {
		cmd = command(b, a, "GETMETADATA", notes_told, notes_data);
		imap_command_atom(cmd->wire, "(/private/comment /shared/comment)");
	} else {
		cmd = command(b, a, "GETMETADATA (DEPTH infinity)", notes_told, notes_data);
		imap_command_atom(cmd->wire, "(/private /shared)");
	}
	imap_queue(b, cmd);
}

/* RFC 5464 §3.2: printable ASCII, with levels, and none of LIST's wildcards. */
static gboolean
is_entry(const char *name)
{
	if ((!g_str_has_prefix(name, "/private/") && !g_str_has_prefix(name, "/shared/")) ||
	    strstr(name, "//") || g_str_has_suffix(name, "/"))
		return FALSE;
	for (const char *p = name; *p; p++)
		if (!g_ascii_isgraph(*p) || strchr("*%(){\"\\", *p))
			return FALSE;
	return TRUE;
}

static void
note_set(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct asking *a = cmd->user;
	const struct imap_node *why = response && response->code && !strcmp(response->code, "METADATA")
	                                      ? response->code_args
	                                      : NULL;

	if (error && imap_node_is(why, "MAXSIZE"))
		fulmar_fail(&a->error, FULMAR_FAILED, _("%s: the note is too long; shorten it"),
		            b->env->account->host);
	else if (error && imap_node_is(why, "TOOMANY"))
		fulmar_fail(&a->error, FULMAR_FAILED, _("%s: there are too many notes; remove one first"),
		            b->env->account->host);
	else if (error && imap_node_is(why, "NOPRIVATE"))
		fulmar_fail(&a->error, FULMAR_FAILED, _("%s keeps no private notes; make it a shared one"),
		            b->env->account->host);
	else if (error && !a->error)
		a->error = g_error_copy(error);
	release(a);
}

static void
set_note(struct backend *b, struct asking *a)
{
	struct imap_cmd *cmd;

	if (!is_entry(a->name)) {
		fulmar_fail(&a->error, FULMAR_FAILED,
		            _("“%s” is no name of a note: they are like /private/comment or /shared/comment"),
		            a->name);
		return;
	}
	if (strlen(a->value) > NOTE_MAX) {
		fulmar_fail(&a->error, FULMAR_FAILED, _("the note is too long; shorten it"));
		return;
	}
	cmd = command(b, a, "SETMETADATA", note_set, NULL);
	imap_command_open(cmd->wire);
	imap_command_atom(cmd->wire, a->name);
	if (*a->value)
		imap_command_string(cmd->wire, a->value, strlen(a->value));
	else
		imap_command_atom(cmd->wire, "NIL");
	imap_command_close(cmd->wire);
	imap_queue(b, cmd);
}

/* ---- */

static const struct {
	const char *capability;
	const char *without; /* why not */
	void (*ask)(struct backend *b, struct asking *a);
} kinds[] = {
        [ADMIN_RIGHTS] = {"ACL", N_("this server does not tell who may do what with a folder (no ACL)"),
                          ask_rights},
        [ADMIN_SET_RIGHTS] = {"ACL", N_("folders cannot be shared on this server (no ACL)"), change_rights},
        [ADMIN_QUOTA] = {"QUOTA", N_("this server does not tell how much room there is (no QUOTA)"),
                         ask_quota},
        [ADMIN_NOTES] = {"METADATA", N_("this server keeps no notes on folders (no METADATA)"), ask_notes},
        [ADMIN_SET_NOTE] = {"METADATA", N_("this server keeps no notes on folders (no METADATA)"), set_note},
};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == ADMIN_KINDS);

void
imap_admin(struct backend *b, const struct backend_admin *request,
           void (*answer)(const char *name, const char *value, void *user), backend_done done, void *user)
{
	struct task *task = task_new(&b->tasks, done, user);
	g_autoptr(GError) error = NULL;
	struct store_folder *folder = store_folder_by_id(b->env->store, request->folder, &error);
	struct asking *a;

	if (!folder && !error)
		fulmar_fail(&error, FULMAR_FAILED, _("this folder is no longer there"));
	else if (folder && !imap_has(b, kinds[request->kind].capability))
		fulmar_fail(&error, FULMAR_UNSUPPORTED, "%s: %s", b->env->account->host,
		            _(kinds[request->kind].without));
	if (error) {
		g_clear_pointer(&folder, store_folder_free);
		task_release(task, error);
		return;
	}
	a = g_new0(struct asking, 1);
	a->task = task;
	a->step = step_new(&b->tasks, asking_end, a);
	a->folder = folder;
	a->name = g_strdup(request->name ? request->name : "");
	a->value = g_strdup(request->value ? request->value : "");
	a->answer = answer;
	a->user = user;
	kinds[request->kind].ask(b, a);
	release(a);
}
