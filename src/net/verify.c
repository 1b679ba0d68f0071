#include "net/verify.h"

#include "base/i18n.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

/* A refused certificate's names that are told. */
#define VERIFY_NAMES_TOLD 3

void
certificate_clear(struct certificate *certificate)
{
	g_free(certificate->subject);
	g_free(certificate->issuer);
	g_free(certificate->expires);
	g_free(certificate->sha256);
	*certificate = (struct certificate){0};
}

/* "CN=Example CA,O=Example" as safe text. */
static char *
name_text(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL, *text;
	long len;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &bytes);
	text = text_safe(bytes ? bytes : "", len > 0 ? MIN(len, 300) : 0);
	BIO_free(bio);
	return text;
}

static char *
day_text(const ASN1_TIME *time)
{
	struct tm tm;
	char day[40];

	if (!time || !ASN1_TIME_to_tm(time, &tm) || !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		return g_strdup("?");
	return g_strdup(day);
}

static char *
sha256_text(X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	GString *text = g_string_new(NULL);

	if (X509_digest(certificate, EVP_sha256(), digest, &len))
		for (unsigned int i = 0; i < len; i++)
			g_string_append_printf(text, i ? ":%02X" : "%02X", digest[i]);
	return g_string_free(text, FALSE);
}

static void
gather_facts(X509 *leaf, struct certificate *facts)
{
	certificate_clear(facts);
	facts->subject = name_text(X509_get_subject_name(leaf));
	facts->issuer = name_text(X509_get_issuer_name(leaf));
	facts->expires = day_text(X509_get0_notAfter(leaf));
	facts->sha256 = sha256_text(leaf);
}

/* "sha256:AB:cd" and "abcd" are the same pin. */
static gboolean
pin_matches(const char *pin, const char *sha256)
{
	if (g_ascii_strncasecmp(pin, "sha256:", 7) == 0)
		pin += 7;
	for (;; pin++, sha256++) {
		while (*pin == ':' || *pin == ' ')
			pin++;
		while (*sha256 == ':')
			sha256++;
		if (g_ascii_toupper(*pin) != *sha256)
			return FALSE;
		if (!*pin)
			return TRUE;
	}
}

static gboolean
pinned(const struct verify *verify, const struct certificate *facts)
{
	for (const char *const *pin = verify->pins; *pin; pin++)
		if (*facts->sha256 && pin_matches(*pin, facts->sha256))
			return TRUE;
	return FALSE;
}

/* A name of the certificate as text for people, or NULL for kinds that name no host. */
static char *
alternative_text(const GENERAL_NAME *name)
{
	const unsigned char *bytes;
	char text[INET6_ADDRSTRLEN];
	int len;

	if (name->type == GEN_DNS)
		return text_safe((const char *)ASN1_STRING_get0_data(name->d.dNSName),
		                 MIN(ASN1_STRING_length(name->d.dNSName), 255));
	if (name->type != GEN_IPADD)
		return NULL;
	bytes = ASN1_STRING_get0_data(name->d.iPAddress);
	len = ASN1_STRING_length(name->d.iPAddress);
	if ((len != 4 && len != 16) || !inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text)))
		return NULL;
	return g_strdup(text);
}

/* "a.example, b.example, …"; NULL when the certificate names no host. */
static char *
alternatives_text(X509 *leaf)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	GString *list = g_string_new(NULL);
	int told = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && told <= VERIFY_NAMES_TOLD; i++) {
		g_autofree char *text = alternative_text(sk_GENERAL_NAME_value(names, i));

		if (!text)
			continue;
		if (told)
			g_string_append(list, ", ");
		g_string_append(list, told == VERIFY_NAMES_TOLD ? "…" : text);
		told++;
	}
	GENERAL_NAMES_free(names);
	return g_string_free(list, !told);
}

/* Subject alternative names alone decide (RFC 9525 §6.3): the common name never does. An address needs an
 * address entry. */
static gboolean
names_host(const struct verify *verify, X509 *leaf)
{
	g_autofree char *address = NULL;

	if (!verify->is_address)
		return X509_check_host(leaf, verify->host, strlen(verify->host),
		                       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
		                       NULL) == 1;
	address = g_strndup(verify->host, strcspn(verify->host, "%"));
	return X509_check_ip_asc(leaf, address, 0) == 1;
}

static char *
wrong_name_text(const struct verify *verify, X509 *leaf)
{
	g_autofree char *names = alternatives_text(leaf);

	if (!names)
		return g_strdup_printf(_("it names no host (the old common name does not count), so not %s"),
		                       verify->host);
	return g_strdup_printf(_("it was made for %s, not for %s"), names, verify->host);
}

enum detail { DETAIL_NONE, DETAIL_ISSUER, DETAIL_BEGINS, DETAIL_ENDS };

/* What OpenSSL found, in words. %s is the detail, of the certificate at fault. */
static const struct {
	int code;
	enum detail detail;
	const char *leaf, *authority;
} reasons[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, DETAIL_ENDS, N_("it expired on %s"),
         N_("its authority's certificate expired on %s")},
        {X509_V_ERR_CERT_NOT_YET_VALID, DETAIL_BEGINS,
         N_("it is valid only from %s; check this computer's clock"),
         N_("its authority's certificate is valid only from %s; check this computer's clock")},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, DETAIL_NONE, N_("it is signed only by itself"), NULL},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, DETAIL_ISSUER, N_("it is signed by an unknown authority (%s)"),
         NULL},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, DETAIL_ISSUER,
         N_("it is signed by an unknown authority (%s)"), NULL},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, DETAIL_ISSUER, N_("it is signed by an unknown authority (%s)"),
         NULL},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, DETAIL_ISSUER,
         N_("it is signed by an unknown authority (%s)"), NULL},
        {X509_V_ERR_INVALID_PURPOSE, DETAIL_NONE, N_("it was not made for servers"),
         N_("an authority in its chain was not made for that")},
        {X509_V_ERR_INVALID_CA, DETAIL_NONE, N_("it is signed by a certificate that is no authority"), NULL},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, DETAIL_NONE, N_("its signature is forged or broken"), NULL},
        {X509_V_ERR_CERT_REVOKED, DETAIL_NONE, N_("it was revoked"),
         N_("its authority's certificate was revoked")},
        {X509_V_ERR_EE_KEY_TOO_SMALL, DETAIL_NONE, N_("its key is too weak"), NULL},
        {X509_V_ERR_CA_KEY_TOO_SMALL, DETAIL_NONE, N_("its authority's key is too weak"), NULL},
        {X509_V_ERR_CA_MD_TOO_WEAK, DETAIL_NONE, N_("it is signed with a digest that is too weak"), NULL},
        {X509_V_ERR_PERMITTED_VIOLATION, DETAIL_NONE, N_("its authority may not sign for this name"), NULL},
        {X509_V_ERR_EXCLUDED_VIOLATION, DETAIL_NONE, N_("its authority may not sign for this name"), NULL},
        {X509_V_ERR_CERT_CHAIN_TOO_LONG, DETAIL_NONE, N_("its chain of authorities is too long"), NULL},
};

static char *
chain_text(int code, int depth, X509 *at_fault)
{
	for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
		const char *words =
		        depth > 0 && reasons[i].authority ? reasons[i].authority : reasons[i].leaf;
		g_autofree char *detail = NULL;

		if (reasons[i].code != code)
			continue;
		switch (reasons[i].detail) {
		case DETAIL_NONE:
			return g_strdup(_(words));
		case DETAIL_ISSUER:
			detail = name_text(X509_get_issuer_name(at_fault));
			break;
		case DETAIL_BEGINS:
			detail = day_text(X509_get0_notBefore(at_fault));
			break;
		case DETAIL_ENDS:
			detail = day_text(X509_get0_notAfter(at_fault));
			break;
		}
		/* The words are ours, from the table above, with at most one %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		return g_strdup_printf(_(words), detail);
#pragma GCC diagnostic pop
	}
	return g_strdup(X509_verify_cert_error_string(code));
}

/* One run of OpenSSL's chain building. X509_V_OK, or the error with reason set. */
static int
check_chain(const struct verify *verify, X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain, char **reason)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int code = X509_V_ERR_OUT_OF_MEM;

	g_clear_pointer(reason, g_free);
	if (X509_STORE_CTX_init(context, store, leaf, chain) &&
	    X509_STORE_CTX_set_default(context, "ssl_server")) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);

		X509_VERIFY_PARAM_set_auth_level(param, verify->security_level);
		/* A certificate in ca-file is trusted as it stands, be it a root or not. */
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
		code = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
	}
	if (code != X509_V_OK) {
		X509 *at_fault = X509_STORE_CTX_get_current_cert(context);

		*reason =
		        chain_text(code, X509_STORE_CTX_get_error_depth(context), at_fault ? at_fault : leaf);
	}
	X509_STORE_CTX_free(context);
	return code;
}

static gboolean
lacks_authority(int code)
{
	return code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
	       code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

gboolean
verify_certificate(const struct verify *verify, X509_STORE *store, X509 *leaf, STACK_OF(X509) * chain,
                   struct certificate *facts, char **reason, int *code)
{
	*reason = NULL;
	gather_facts(leaf, facts);
	if (verify->pins && verify->pins[0]) {
		*code = pinned(verify, facts) ? X509_V_OK : X509_V_ERR_CERT_REJECTED;
		if (*code != X509_V_OK)
			*reason = g_strdup(_("it is not the one pinned by certificate-pin"));
		return *code == X509_V_OK;
	}
	*code = check_chain(verify, store, leaf, chain, reason);
	if (lacks_authority(*code) && verify->more_roots) {
		verify->more_roots(verify->user);
		*code = check_chain(verify, store, leaf, chain, reason);
	}
	if (*code == X509_V_OK && !names_host(verify, leaf)) {
		*code = verify->is_address ? X509_V_ERR_IP_ADDRESS_MISMATCH : X509_V_ERR_HOSTNAME_MISMATCH;
		*reason = wrong_name_text(verify, leaf);
	}
	return *code == X509_V_OK;
}
