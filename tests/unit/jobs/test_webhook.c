#include "scene.h"

#include "jobs/net/webhook.h"

/* The example that the Standard Webhooks libraries publish in their own tests. */
static const char vector_secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char vector_id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
static const char vector_body[] = "{\"test\": 2432232314}";
static const char vector_signature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
#define VECTOR_TIME 1614265330

static td_webhook_keys keys_of(const char *text)
{
    td_webhook_keys k;
    assert_int_equal(td_webhook_keys_parse(text, &k, NULL), TD_OK);
    return k;
}

static td_webhook_verdict verify(const td_webhook_keys *k, const char *signature, const char *body, int64_t now_s)
{
    return td_webhook_verify(k, vector_id, "1614265330", signature, body, strlen(body), now_s);
}

static void published_example(void **state)
{
    (void)state;
    char signature[128];
    td_webhook_keys k = keys_of(vector_secret);
    assert_int_equal(td_webhook_sign(&k, vector_id, VECTOR_TIME, vector_body, strlen(vector_body), signature), TD_OK);
    assert_string_equal(signature, vector_signature);
    assert_int_equal(verify(&k, vector_signature, vector_body, VECTOR_TIME), TD_WEBHOOK_HOLDS);
}

static void every_bit_of_the_body_counts(void **state)
{
    (void)state;
    td_webhook_keys k = keys_of(vector_secret);
    for (size_t bit = 0; bit < 8 * strlen(vector_body); bit++) {
        char body[sizeof vector_body];
        memcpy(body, vector_body, sizeof body);
        body[bit / 8] = (char)(body[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(
            td_webhook_verify(&k, vector_id, "1614265330", vector_signature, body, sizeof body - 1, VECTOR_TIME),
            TD_WEBHOOK_FORGED);
    }
}

static void five_minutes_either_way(void **state)
{
    (void)state;
    td_webhook_keys k = keys_of(vector_secret);
    assert_int_equal(verify(&k, vector_signature, vector_body, VECTOR_TIME + 300), TD_WEBHOOK_HOLDS);
    assert_int_equal(verify(&k, vector_signature, vector_body, VECTOR_TIME + 301), TD_WEBHOOK_STALE);
    assert_int_equal(verify(&k, vector_signature, vector_body, VECTOR_TIME - 300), TD_WEBHOOK_HOLDS);
    assert_int_equal(verify(&k, vector_signature, vector_body, VECTOR_TIME - 301), TD_WEBHOOK_STALE);
}

static void two_secrets_while_one_changes(void **state)
{
    (void)state;
    char fresh[64], both[160], signature[128];
    td_webhook_secret(fresh);
    snprintf(both, sizeof both, "%s\n%s\n", fresh, vector_secret);
    td_webhook_keys two = keys_of(both), old = keys_of(vector_secret), new = keys_of(fresh);
    assert_int_equal(td_webhook_sign(&two, vector_id, VECTOR_TIME, vector_body, strlen(vector_body), signature), TD_OK);
    assert_non_null(strchr(signature, ' '));
    assert_int_equal(verify(&old, signature, vector_body, VECTOR_TIME), TD_WEBHOOK_HOLDS);
    assert_int_equal(verify(&new, signature, vector_body, VECTOR_TIME), TD_WEBHOOK_HOLDS);
    td_webhook_secret(fresh);
    td_webhook_keys other = keys_of(fresh);
    assert_int_equal(verify(&other, signature, vector_body, VECTOR_TIME), TD_WEBHOOK_FORGED);
}

static void headers_that_are_none(void **state)
{
    (void)state;
    td_webhook_keys k = keys_of(vector_secret);
    assert_int_equal(td_webhook_verify(&k, NULL, "1614265330", vector_signature, "", 0, VECTOR_TIME),
                     TD_WEBHOOK_INCOMPLETE);
    assert_int_equal(td_webhook_verify(&k, "", "1614265330", vector_signature, "", 0, VECTOR_TIME),
                     TD_WEBHOOK_INCOMPLETE);
    assert_int_equal(td_webhook_verify(&k, "a", NULL, vector_signature, "", 0, VECTOR_TIME), TD_WEBHOOK_INCOMPLETE);
    assert_int_equal(td_webhook_verify(&k, "a", "soon", vector_signature, "", 0, VECTOR_TIME), TD_WEBHOOK_INCOMPLETE);
    assert_int_equal(td_webhook_verify(&k, "a", "1614265330x", vector_signature, "", 0, VECTOR_TIME),
                     TD_WEBHOOK_INCOMPLETE);
    assert_int_equal(verify(&k, "", vector_body, VECTOR_TIME), TD_WEBHOOK_FORGED);
    assert_int_equal(verify(&k, "v1,", vector_body, VECTOR_TIME), TD_WEBHOOK_FORGED);
    assert_int_equal(verify(&k, vector_signature + 3, vector_body, VECTOR_TIME), TD_WEBHOOK_FORGED); /* no version */
    assert_int_equal(verify(&k, "v1a,x v2,y v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", vector_body, VECTOR_TIME),
                     TD_WEBHOOK_HOLDS); /* versions not known are passed over */
}

static void secrets_that_are_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "\n",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa",  /* 22 bytes */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", /* not a multiple of four */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL!Sw",
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
         "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        td_webhook_keys k;
        td_error err = { 0 };
        assert_int_equal(td_webhook_keys_parse(wrong[i], &k, &err), TD_ARG);
        assert_null(strstr(err.what, "MfKQ"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_example),       cmocka_unit_test(every_bit_of_the_body_counts),
        cmocka_unit_test(five_minutes_either_way), cmocka_unit_test(two_secrets_while_one_changes),
        cmocka_unit_test(headers_that_are_none),   cmocka_unit_test(secrets_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
