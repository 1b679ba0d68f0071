#include "mime/punycode.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

enum {
	BASE = 36,
	T_MIN = 1,
	T_MAX = 26,
	SKEW = 38,
	DAMP = 700,
	FIRST_BIAS = 72,
	FIRST_CODE = 0x80,
	MAX_HOST = 1000
};

/* RFC 3492 §6.1 */
static guint
adapt(guint delta, guint points, gboolean first)
{
	guint k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void
put_number(GString *out, guint number, guint bias)
{
	for (guint k = BASE;; k += BASE) {
		guint t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		guint digit;

		if (number < t) {
			g_string_append_c(out, number < 26 ? 'a' + number : '0' + number - 26);
			return;
		}
		digit = t + (number - t) % (BASE - t);
		g_string_append_c(out, digit < 26 ? 'a' + digit : '0' + digit - 26);
		number = (number - t) / (BASE - t);
	}
}

/* RFC 3492 §6.3; n is small enough (MAX_HOST) that delta cannot overflow: 1,000 × 0x10FFFF < 2^32. */
static void
punycode(GString *out, const ucs4_t *label, gsize n)
{
	guint code = FIRST_CODE, delta = 0, bias = FIRST_BIAS, basic = 0, done;

	for (gsize i = 0; i < n; i++)
		if (label[i] < FIRST_CODE) {
			g_string_append_c(out, label[i]);
			basic++;
		}
	if (basic)
		g_string_append_c(out, '-');
	for (done = basic; done < n; delta++, code++) {
		guint next = G_MAXUINT;

		for (gsize i = 0; i < n; i++)
			if (label[i] >= code && label[i] < next)
				next = label[i];
		delta += (next - code) * (done + 1);
		code = next;
		for (gsize i = 0; i < n; i++) {
			if (label[i] < code)
				delta++;
			if (label[i] == code) {
				put_number(out, delta, bias);
				bias = adapt(delta, done + 1, done == basic);
				delta = 0;
				done++;
			}
		}
	}
}

static gboolean
put_label(GString *out, const ucs4_t *label, gsize n)
{
	gboolean ascii = TRUE;

	for (gsize i = 0; i < n; i++) {
		if (label[i] >= 0x80)
			ascii = FALSE;
		else if (label[i] <= ' ' || label[i] == 0x7F || strchr("\"#%'/<>?@\\^`{|}", label[i]))
			return FALSE;
	}
	if (!ascii)
		g_string_append(out, "xn--");
	if (ascii)
		for (gsize i = 0; i < n; i++)
			g_string_append_c(out, label[i]);
	else
		punycode(out, label, n);
	return TRUE;
}

static gboolean
put_labels(GString *out, const ucs4_t *host, gsize n)
{
	for (gsize at = 0; at < n;) {
		gsize end = at;

		while (end < n && host[end] != '.' && host[end] != 0x3002)
			end++;
		if (!put_label(out, host + at, end - at))
			return FALSE;
		if (end < n)
			g_string_append_c(out, '.');
		at = end + 1;
	}
	return out->len > 0;
}

static ucs4_t *
fold(const char *host, gsize len, gsize *n)
{
	size_t folded_len;
	uint8_t *folded = u8_tolower((const uint8_t *)host, len, NULL, UNINORM_NFKC, NULL, &folded_len);
	ucs4_t *wide = NULL;

	if (folded && folded_len <= MAX_HOST)
		wide = u8_to_u32(folded, folded_len, NULL, n);
	free(folded);
	return wide;
}

char *
host_to_ascii(const char *host, gsize len)
{
	GString *out;
	ucs4_t *wide;
	gsize n;
	gboolean good;

	if (!len || len > MAX_HOST || u8_check((const uint8_t *)host, len))
		return NULL;
	wide = fold(host, len, &n);
	if (!wide)
		return NULL;
	out = g_string_new(NULL);
	good = put_labels(out, wide, n);
	free(wide);
	return g_string_free(out, !good);
}
