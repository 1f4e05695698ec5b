/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/eds_bed.h"

int eds_bed_setup(void **state)
{
    struct eds_bed *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->ca = eds_ca_new("ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ", NOW);
    f->person = eds_ca_person(f->ca, IIN, NAME);
    assert_int_equal(eds_openssl_open(eds_ca_bundle(f->ca), NULL, &f->port, NULL), ERR_OK);
    *state = f;
    return 0;
}

int eds_bed_teardown(void **state)
{
    struct eds_bed *f = *state;
    eds_close(&f->port);
    eds_signer_free(f->person);
    eds_ca_free(f->ca);
    free(f);
    return 0;
}

enum err eds_bed_verify(struct eds_bed *f, enum eds_use use, struct str cms, struct str content)
{
    memset(&f->out, 0x55, sizeof f->out);
    memset(&f->fault, 0, sizeof f->fault);
    enum err err = eds_verify(&f->port, use, cms, content, NOW, &f->out, &f->fault);
    if (err && err != ERR_MEMORY) {
        assert_int_equal(f->fault.err, err);
        assert_true(f->fault.detail[0]);
        assert_int_equal((uint8_t)f->out.iin[0], 0x55); /* untouched */
    }
    return err;
}

enum err eds_bed_told(struct eds_bed *f, enum eds_use use, const struct eds_cms_wish *wish)
{
    struct buf der = {0};
    eds_ca_cms(wish, &der);
    enum err err = eds_bed_verify(f, use, (struct str){(char *)der.p, der.n}, wish->content);
    buf_release(&der);
    return err;
}

enum err eds_bed_told_of(struct eds_bed *f, enum eds_use use, const struct eds_wish *wish)
{
    struct eds_signer *signer = eds_ca_give(f->ca, wish);
    enum err err =
        eds_bed_told(f, use, &(struct eds_cms_wish){.signers = {signer}, .content = STR(CONTENT)});
    eds_signer_free(signer);
    return err;
}
