/* A scripted server in a process beside the test (tests/lib/script.py), with the capabilities of three kinds
 * of servers, changed through its standard input. It greets with PREAUTH: nobody is asked for a password. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "rig.h"

/* Of the rig under test; tests run one after the other. */
static struct {
	GPid pid;
	FILE *to, *from;
	GHashTable *uids; /* "FOLDER/NAME" → UID as text */
} server;

/* Gives the line answered. */
static char *
answer(void)
{
	char line[65536];

	fflush(server.to);
	if (!fgets(line, sizeof line, server.from))
		g_error("the scripted server has ended");
	return g_strdup(g_strchomp(line));
}

static void
start(const char *profile)
{
	g_autofree char *script = g_build_filename(g_getenv("top_srcdir"), "tests", "lib", "script.py", NULL);
	const char *python = g_getenv("PYTHON");
	const char *argv[] = {python ? python : "python3", script, profile, NULL};
	GError *error = NULL;
	int to, from;

	g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH,
	                         NULL, NULL, &server.pid, &to, &from, NULL, &error);
	g_assert_no_error(error);
	server.to = fdopen(to, "w");
	server.from = fdopen(from, "r");
	server.uids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
end(struct rig *rig)
{
	int status;

	fclose(server.to);
	fclose(server.from);
	g_hash_table_unref(server.uids);
	waitpid(server.pid, &status, 0);
	g_spawn_close_pid(server.pid);
}

static void
make(struct rig *rig, struct conf_account *account)
{
	g_autofree char *port = NULL;

	start(rig->kind->name + strlen("imap-"));
	port = answer();
	account->type = ACCOUNT_IMAP;
	account->host = g_strdup("127.0.0.1");
	account->port = atoi(port);
	account->security = SECURITY_NONE;
	account->user = g_strdup("ann");
	account->timeout = 30;
}

static const char *
uid_of(const char *folder, const char *name)
{
	g_autofree char *key = g_strdup_printf("%s/%s", folder, name);
	const char *uid = g_hash_table_lookup(server.uids, key);

	g_assert_nonnull(uid);
	return uid;
}

static void
deliver(struct rig *rig, const char *folder, const char *name, gint64 when, const char *text)
{
	fprintf(server.to, "deliver %s %" G_GINT64_FORMAT " %zu\n%s", folder, when, strlen(text), text);
	g_hash_table_insert(server.uids, g_strdup_printf("%s/%s", folder, name), answer());
}

static const struct {
	const char *name;
	guint flag;
} names[] = {
        {"\\Seen", FLAG_SEEN},       {"\\Answered", FLAG_ANSWERED}, {"\\Flagged", FLAG_FLAGGED},
        {"\\Deleted", FLAG_DELETED}, {"\\Draft", FLAG_DRAFT},
};

static void
set_flags(struct rig *rig, const char *folder, const char *name, guint flags)
{
	fprintf(server.to, "flags %s %s", folder, uid_of(folder, name));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (flags & names[i].flag)
			fprintf(server.to, " %s", names[i].name);
	fputc('\n', server.to);
	g_free(answer());
}

static void
remove_message(struct rig *rig, const char *folder, const char *name)
{
	fprintf(server.to, "expunge %s %s\n", folder, uid_of(folder, name));
	g_free(answer());
}

static guint
flags_of(struct rig *rig, const char *folder, const char *name)
{
	g_autofree char *told = NULL;
	guint flags = 0;

	fprintf(server.to, "get %s %s\n", folder, uid_of(folder, name));
	told = answer();
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strstr(told, names[i].name))
			flags |= names[i].flag;
	return flags;
}

/* "NAME:FLAG,FLAG NAME:" → "NAME NAME" */
static char *
subjects(struct rig *rig, const char *folder)
{
	g_autofree char *told = NULL;
	g_auto(GStrv) words = NULL;

	fprintf(server.to, "subjects %s\n", folder);
	told = answer();
	if (strcmp(told, "none") == 0)
		return NULL;
	words = g_strsplit(told, " ", -1);
	for (char **w = words; *w; w++)
		(*w)[strcspn(*w, ":")] = '\0';
	return g_strjoinv(" ", words);
}

#define VERBS \
	(1u << OP_MOVE | 1u << OP_COPY | 1u << OP_PURGE | 1u << OP_APPEND | 1u << OP_EMPTY | \
	 1u << OP_CREATE | 1u << OP_RENAME | 1u << OP_REMOVE | 1u << OP_SUBSCRIBE | 1u << OP_REPLACE | \
	 RIG_WIDE | RIG_APART | RIG_TELLS | RIG_STRUCTURES)
#define KIND(variable, profile) \
	const struct rig_kind variable = { \
	        .name = "imap-" profile, \
	        .ops = &backend_imap, \
	        .verbs = VERBS, \
	        .make = make, \
	        .end = end, \
	        .deliver = deliver, \
	        .set_flags = set_flags, \
	        .remove = remove_message, \
	        .flags = flags_of, \
	        .subjects = subjects, \
	}
KIND(rig_imap_plain, "plain");
KIND(rig_imap_condstore, "condstore");
KIND(rig_imap_qresync, "qresync");
KIND(rig_imap_all, "all");
