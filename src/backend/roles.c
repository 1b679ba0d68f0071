#include "backend/roles.h"

#include <string.h>

/* Lower case, the best known first. */
static const struct {
	const char *role;
	const char *names;
} known[] = {
        {"sent", "sent|sent items|sent messages|sent mail|gesendet|gesendete elemente|gesendete "
                 "objekte|envoyés|éléments envoyés|"
                 "messages envoyés|enviados|elementos enviados|enviadas|inviata|posta "
                 "inviata|verzonden|verzonden items|skickat|sendt|"
                 "lähetetyt|wysłane|odeslané|отправленные|送信済み|已发送|已傳送"},
        {"drafts", "drafts|draft|entwürfe|brouillons|borradores|rascunhos|bozze|concepten|utkast|kladder|"
                   "luonnokset|kopie robocze|szkice|"
                   "koncepty|черновики|下書き|草稿"},
        {"trash", "trash|deleted items|deleted messages|deleted|bin|papierkorb|gelöschte elemente|gelöschte "
                  "objekte|corbeille|"
                  "éléments "
                  "supprimés|papelera|lixeira|lixo|cestino|prullenbak|papperskorgen|papirkurv|roskakori|kosz|"
                  "koš|корзина|ゴミ箱|"
                  "已删除"},
        {"archive", "archive|archives|archiv|archivo|arquivo|archivio|archief|arkiv|arkisto|archiwum|архив|"
                    "アーカイブ|归档"},
        {"junk", "junk|spam|junk e-mail|junk email|junk-e-mail|bulk mail|unerwünscht|indésirables|courrier "
                 "indésirable|correo no deseado|"
                 "posta indesiderata|ongewenst|ongewenste "
                 "e-mail|skräppost|uønsket|søppelpost|roskaposti|wiadomości-śmieci|nevyžádaná pošta|"
                 "спам|迷惑メール|垃圾邮件"},
};

static const char *
named_by_account(const struct conf_account *account, const char *role)
{
	const struct {
		const char *role, *path;
	} set[] = {{"sent", account->sent},
	           {"drafts", account->drafts},
	           {"trash", account->trash},
	           {"archive", account->archive},
	           {"junk", account->junk}};

	for (guint i = 0; i < G_N_ELEMENTS(set); i++)
		if (!strcmp(set[i].role, role))
			return set[i].path;
	return NULL;
}

/* How well path fits names: fewer is better, -1 not at all. A level down weighs more than any difference of
 * names. */
static int
misfit(char **names, const char *path)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *last = g_utf8_strdown(slash ? slash + 1 : path, -1);
	int depth = 0;

	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], last))
			return depth * 1000 + i;
	return -1;
}

static gboolean
is_taken(const struct role_folder *folders, guint n, const char *role)
{
	for (guint i = 0; i < n; i++)
		if (!strcmp(folders[i].role, role))
			return TRUE;
	return FALSE;
}

static void
guess(struct role_folder *folders, guint n, const char *role, const char *known_names)
{
	g_auto(GStrv) names = g_strsplit(known_names, "|", -1);
	struct role_folder *best = NULL;
	int least = G_MAXINT;

	for (guint i = 0; i < n; i++) {
		int fit = *folders[i].role ? -1 : misfit(names, folders[i].path);

		if (fit < 0 || fit >= least)
			continue;
		least = fit;
		best = &folders[i];
	}
	if (best)
		best->role = role;
}

static void
appoint(struct role_folder *folders, guint n, const char *role, const char *path)
{
	for (guint i = 0; i < n; i++) {
		if (!strcmp(folders[i].path, path))
			folders[i].role = role;
		else if (!strcmp(folders[i].role, role))
			folders[i].role = "";
	}
}

void
roles_assign(const struct conf_account *account, struct role_folder *folders, guint n)
{
	appoint(folders, n, "inbox", "INBOX");
	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		const char *path = named_by_account(account, known[i].role);

		if (path)
			appoint(folders, n, known[i].role, path);
	}
	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (!named_by_account(account, known[i].role) && !is_taken(folders, n, known[i].role))
			guess(folders, n, known[i].role, known[i].names);
}
