#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# present - codes that go to a phone. An assistant files for a person who is present: the letter goes to the number, the
# code files one application in the person's name by the assistant's hand, later messages go to that number; wrong
# codes, old ones, too many, another's. The traveller of a gift consents by a code: the border is asked for him, not
# for who applies; a consent counts once. The same by the pages of the wizard, and the way past it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use Portal;
use Encode ();
use Register;
use Test::More;

my $r = Register->new;
my $p = Portal->new($r, settings => "outbox = $r->{dir}/out\n");
my $dir = $r->dir;
my $aigul_iin = $p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
my $bolat_iin = $p->person('bolat', 'БЕКОВ БОЛАТ', '9006154');
my $guest_iin = Portal::number_of('7703023');
staff('asel', 'assistant');
staff('zarina', 'assistant');
staff('erlan', 'officer');
$p->serve;
my ($aigul, $bolat) = map { enter($_) } qw(aigul bolat);
my ($asel, $zarina, $erlan) = map { enter_staff($_) } qw(asel zarina erlan);
is $_->{status}, 200, 'signed in' for $aigul, $bolat, $asel, $zarina, $erlan;

# Letters by their numbers, oldest first.
sub letters {
    return map { Register::json(Register::slurp($_)) } sort glob "$dir/out/*.json";
}
sub letter_to {
    my ($msisdn, $n) = @_;
    my @of;
    Register::poll(5, sub { @of = grep { ($_->{to}{msisdn} // '') eq $msisdn } letters(); @of >= ($n // 1) });
    return $of[-1];
}
sub code_in { my ($letter) = @_; my ($code) = $letter->{sms} =~ /\b(\d{6})\b/; return $code }
sub other { my ($code) = @_; return sprintf '%06d', ($code + 1) % 1_000_000 }
my $serial = 0;
sub phone { return imei(++$serial, 35267711) }
sub present {
    my ($who, %o) = @_;
    my $key = delete $o{key};
    my %head = $key ? ('Idempotency-Key' => $key) : ();
    return ask('POST', '/api/v1/present', {iin => $guest_iin, name => 'САРИН ЕРБОЛ', msisdn => '+77011234567', %o}, $who, %head);
}
sub file {
    my ($who, $id, $code, %o) = @_;
    return ask('POST', "/api/v1/present/$id/applications", {code => $code, kind => 'personal', way => 'carried', country => 'TR',
            entered => '2025-04-01', devices => [{imeis => [phone()]}], %o}, $who);
}

# ---- what is refused, and changes nothing ----

is((present($asel, iin => '850101300004'))[1]{field}, 'iin', 'a wrong IIN');
my ($status, $json) = present($asel, msisdn => '701');
is $json->{reason}, 'MSISDN', 'a wrong number';
is $json->{field}, 'msisdn', '... beside the field';
is((present($asel, name => ''))[1]{field}, 'name', 'no name');
is((present($asel, language => 'de'))[1]{field}, 'language', 'no language of ours');
is((present($aigul))[1]{reason}, 'ROLE', 'nobody but an assistant');
is scalar(letters()), 0, 'no letter went out';

# ---- a person is present ----

($status, my $sent) = present($asel, msisdn => '8 (701) 123-45-67', language => 'kk', key => 'once');
is $status, 201, 'a code is sent';
is $sent->{sent_to}, '4567', 'the answer tells the end of the number';
is((present($asel, msisdn => '8 (701) 123-45-67', language => 'kk', key => 'once'))[1]{id}, $sent->{id}, 'sent again: the same code');
is((present($asel, msisdn => '87011234568', language => 'kk', key => 'once'))[1]{reason}, 'IDEMPOTENCY', 'the key for another number');
my $letter = letter_to('+77011234567');
is scalar(letters()), 1, 'one letter';
is $letter->{code}, 'code_present', 'what it is for';
is $letter->{language}, 'kk', 'in the language that was asked for';
like $letter->{sms}, qr/өтініш/, '... stands in the message';
sub units { return length(Encode::encode('UTF-16BE', Encode::decode('UTF-8', $_[0]))) / 2 }
cmp_ok units($letter->{sms}), '<=', 134, 'two parts';
ok !exists $letter->{to}{iin_bin} && !exists $letter->{to}{name}, 'and nothing of who he is';
my $code = code_in($letter);
is((file($zarina, $sent->{id}, $code))[0], 404, 'it is not another assistant\'s');
is((file($asel, $sent->{id}, $code, kind => 'import'))[1]{reason}, 'ROLE', 'not a kind for persons');
is((file($asel, $sent->{id}, $code, way => 'gift'))[1]{field}, 'way', 'no gift');
is((file($asel, $sent->{id}, $code, entered => '2999-01-01'))[1]{reason}, 'DATE', 'errors of filing are told');
is((file($asel, $sent->{id}, other($code)))[1]{reason}, 'CODE_WRONG', 'a wrong code');
is((file($asel, $sent->{id}, ''))[1]{field}, 'code', 'none');
my $phone = phone();
($status, my $filed) = file($asel, $sent->{id}, $code, devices => [{imeis => [$phone]}]);
is $status, 201, 'the right one files it' or diag explain $filed;
is_deeply [sort keys %$filed], [qw(decided_at due_at kind number receipt state)], 'the assistant hears the receipt, nothing of people';
($status, my $again) = file($asel, $sent->{id}, $code, devices => [{imeis => [$phone]}]);
is $status, 200, 'sent again';
is $again->{number}, $filed->{number}, 'it is the same application';
is((file($asel, $sent->{id}, $code))[1]{reason}, 'IDEMPOTENCY', 'one code files one application');
ok Register::poll(5, sub { (ask('GET', "/api/v1/check/$phone"))[1]{list} eq 'white' }), 'white: the border knows him';
like Register::slurp("$dir/asked"), qr/"iin":"$guest_iin"/, 'it was asked for the person, not the assistant';
is((ask('POST', '/api/v1/receipt', {receipt => $filed->{receipt}}))[1]{state}, 'approved', 'the receipt tells how it stands');
is((ask('GET', "/api/v1/applications/$filed->{number}", undef, $asel))[1]{reason}, 'ROLE', 'the assistant may not open it');
$letter = letter_to('+77011234567', 3);
is $letter->{code}, 'approved', 'the decision goes to the number';
is $letter->{to}{iin_bin}, $guest_iin, 'for the person';
is $letter->{language}, 'kk', 'in his language';
(undef, my $look) = ask('GET', "/api/v1/desk/$filed->{number}", undef, $erlan);
is $look->{applicant}{iin_bin}, $guest_iin, 'the officer sees for whom it is';
$p->person('erbol', 'САРИН ЕРБОЛ', '7703023');
is((ask('GET', '/api/v1/applications', undef, enter('erbol')))[1]{applications}[0]{number}, $filed->{number}, 'it is in his cabinet once he signs in');

# ---- tries and limits ----

(undef, $sent) = present($asel, msisdn => '+77020000001');
$code = code_in(letter_to('+77020000001'));
is((file($asel, $sent->{id}, other($code)))[1]{reason}, 'CODE_WRONG', 'a wrong code') for 1 .. 5;
is((file($asel, $sent->{id}, $code))[1]{reason}, 'CODE_OVER', 'after five not even the right one');
is((present($asel, msisdn => '+77020000002'))[0], 201, 'five codes to a number') for 1 .. 5;
($status, $json) = present($zarina, msisdn => '+77020000002');
is $status, 429, 'and not a sixth within the hour, whoever asks';
is $json->{reason}, 'CODE_RATE', '... is said';
$status = 201;
my $more = 0;
for my $n (100 .. 130) {
    ($status) = present($asel, msisdn => "+770300001$n");
    last if $status != 201;
    $more++;
}
is $status, 429, 'an assistant has a limit as well';
is $more, 20 - 7, '... of 20 an hour';

# ---- by page, without a script ----

sub page { my ($path, $who, %q) = @_; return (ask('GET', $path, undef, {token => $who->{token}}, 'Accept-Language' => $q{lang} // 'ru'))[0, 3] }
sub form {
    my ($path, $who, @pairs) = @_;
    unshift @pairs, csrf => $who->{csrf};
    my @parts;
    while (my ($k, $v) = splice @pairs, 0, 2) { $v =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge; push @parts, "$k=$v" }
    my ($s, undef, $head, $text) = ask('POST', $path, join('&', @parts), {token => $who->{token}}, 'Content-Type' => 'application/x-www-form-urlencoded');
    my ($to) = $head =~ /^Location: (\S+)/mi;
    return ($s, $to // '', $text);
}
my ($at, $text);
for my $lang (qw(kk ru en)) {
    ($status, $text) = page('/assist', $zarina, lang => $lang);
    is $status, 200, "/assist in $lang";
    like $text, qr/<html lang="$lang"/, '... is';
}
my @who = (iin => $guest_iin, name => 'Sarin', msisdn => '+77050000001', language => 'ru', key => 'page');
($status, undef, $text) = form('/assist', $zarina, @who, what => 'carried', iin => '1');
is $status, 303, 'the first of two fields of a name counts';
($status, undef, $text) = form('/assist', $zarina, iin => '850101300004', name => 'Sarin', msisdn => '12', what => 'no');
is $status, 400, 'what is wrong is shown';
like $text, qr/id="$_-wrong"/, "... beside $_" for qw(msisdn what);
($status, $at) = form('/assist', $zarina, @who, what => 'carried');
is $status, 303, 'a code is sent, and again by the same form none';
like $at, qr{^/assist/[0-9a-f]{32}\.carried$}, 'the next page';
$code = code_in(letter_to('+77050000001'));
($status, $text) = page($at, $zarina);
is $status, 200, 'the code and the device';
unlike $text, qr/$code/, 'outside a demonstration no code is shown';
is((page($at, $asel))[0], 404, 'it is of this assistant alone');
is((page('/assist/' . ('0' x 32) . '.carried', $zarina))[0], 404, 'no such code');
($status, undef, $text) = form($at, $zarina, code => other($code), imei1 => phone(), brand => 'A', model => 'B', entered => '2025-04-01');
is $status, 400, 'a wrong code';
like $text, qr/id="code-wrong"/, '... is said beside it';
($status, undef, $text) = form($at, $zarina, code => $code, imei1 => '357350079900014', entered => '');
like $text, qr/id="imei1-wrong".*id="entered-wrong"/s, 'so are a mistyped IMEI and a missing day';
($status, my $receipt) = form($at, $zarina, code => substr($code, 0, 3) . ' ' . substr($code, 3), imei1 => phone(), brand => 'Samsung', model => 'A1', entered => '2025-04-01');
is $status, 303, 'it is filed';
($status, $text) = page($receipt, $zarina);
is $status, 200, 'the receipt';
like $text, qr/[0-9A-Z]{5}(-[0-9A-Z]{5}){3}/, '... its number';
unlike $text, qr/$guest_iin|Sarin|7050000001/, 'and nothing of who it is';
is((page('/cabinet', $zarina))[0], 303, 'the first page of an assistant leads here');

# ---- a gift: the traveller consents ----

my $other = Portal::number_of('6805051');
sub consent { my ($who, %o) = @_; return ask('POST', '/api/v1/consents', {iin => $other, msisdn => '+77770001122', %o}, $who) }
sub gift {
    my ($who, $phone, $consent, %o) = @_;
    return ask('POST', '/api/v1/applications', {kind => 'personal', way => 'gift', country => 'TR', entered => '2025-04-02',
            devices => [{imeis => [$phone]}], $consent ? (traveller => {consent => $consent}) : (), %o}, $who);
}
is((consent($asel))[1]{reason}, 'ROLE', 'a person asks for a consent');
($status, $sent) = consent($aigul);
is $status, 201, 'the traveller gets a code';
$letter = letter_to('+77770001122');
is $letter->{code}, 'code_gift', 'what it is for';
like $letter->{sms}, qr/согласия/, '... stands in the message';
$code = code_in($letter);
is((gift($aigul, phone(), $sent->{id}))[1]{reason}, 'CONSENT', 'without his code there is no consent');
is((ask('POST', "/api/v1/present/$sent->{id}/applications", {code => $code, kind => 'recheck', devices => [{imeis => [phone()]}]}, $asel))[0], 404, 'it is no code for something else');
is((ask('POST', "/api/v1/consents/$sent->{id}", {code => $code}, $bolat))[0], 404, 'nor another\'s');
is((ask('POST', "/api/v1/consents/$sent->{id}", {code => other($code)}, $aigul))[1]{reason}, 'CODE_WRONG', 'a wrong code');
($status, $json) = ask('POST', "/api/v1/consents/$sent->{id}", {code => $code}, $aigul);
is $status, 200, 'the right one';
ok $json->{consented_at}, '... consents';
$phone = phone();
is((gift($bolat, $phone, $sent->{id}))[1]{reason}, 'CONSENT', 'for nobody else');
is((gift($aigul, $phone, $sent->{id}, entered => undef))[1]{field}, 'entered', 'the day on which the traveller came');
is((gift($aigul, $phone, $sent->{id}, way => 'carried'))[1]{field}, 'traveller', 'a gift alone');
is((gift($aigul, $phone, undef, traveller => 'me'))[1]{field}, 'traveller', 'no object');
is((gift($aigul, $phone, 'x'))[1]{field}, 'traveller.consent', 'no id');
($status, $filed) = gift($aigul, $phone, $sent->{id});
is $status, 201, 'it is filed' or diag explain $filed;
ok $filed->{traveller}{consented_at}, 'and says that he consented';
ok Register::poll(5, sub { (ask('GET', "/api/v1/check/$phone"))[1]{list} eq 'white' }), 'white';
my @asked = split /\n/, Register::slurp("$dir/asked");
like $asked[-1], qr/"iin":"$other"/, 'the border was asked for the traveller';
unlike $asked[-1], qr/$aigul_iin/, 'and not for who applies';
is((gift($aigul, phone(), $sent->{id}))[1]{reason}, 'CONSENT', 'a consent counts once');
($status, $filed) = gift($aigul, phone(), undef);
is $status, 201, 'without a consent it is filed as well';
ok Register::poll(5, sub { (ask('GET', "/api/v1/desk/$filed->{number}", undef, $erlan))[1]{checked} }), '... looked at';
is((ask('GET', "/api/v1/applications/$filed->{number}", undef, $aigul))[1]{state}, 'checking', '... and waits for an officer');

# ---- a gift by page: the wizard asks for the consent ----

# A draft of bolat's up to that question.
sub gift_draft {
    my ($phone) = @_;
    my (undef, $at) = form('/apply/gift', $bolat);
    ($at) = $at =~ m{^(/apply/\d+)\.imei\.1} or BAIL_OUT "no draft: $at";
    form("$at.imei.1", $bolat, imei1 => $phone);
    form("$at.model.1", $bolat, brand => 'Samsung');
    return ($at, (form("$at.more", $bolat, more => 'no'))[1]);
}
# The rest of it, and the button.
sub file_draft {
    my ($at) = @_;
    form("$at.country", $bolat, country => 'TR');
    my $boundary = 'x' x 20;
    ask('POST', "$at/papers", "--$boundary\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n$bolat->{csrf}\r\n--$boundary--\r\n", {token => $bolat->{token}},
        'Content-Type' => "multipart/form-data; boundary=$boundary");
    my ($key) = (page("$at.check", $bolat))[1] =~ /name="key" value="(\w+)"/;
    return (form("$at.check", $bolat, key => $key // ''))[0, 1];
}
my $mother = Portal::number_of('7105051');
my @mother = (consents => 'yes', iin => $mother, msisdn => '8 777 000 33 44');
$phone = phone();
my ($draft, $next) = gift_draft($phone);
is $next, "$draft.traveller", 'the wizard asks whether who brought it consents';
for my $lang (qw(kk ru en)) {
    ($status, $text) = page($next, $bolat, lang => $lang);
    is $status, 200, "... in $lang";
    like $text, qr/<html lang="$lang"/, '... is';
}
is((form($next, $bolat))[0], 400, 'nothing is chosen for anybody');
($status, undef, $text) = form($next, $bolat, consents => 'yes', iin => '12', msisdn => '34');
is $status, 400, 'a wrong IIN, a wrong number';
like $text, qr/id="iin-wrong".*id="msisdn-wrong"/s, '... are said beside the fields';
($status, $at) = form($next, $bolat, @mother, key => 'a');
is "$status $at", "303 $draft.consent", 'a code is sent; the next page asks for it';
$letter = letter_to('+77770003344');
$code = code_in($letter);
is $letter->{code}, 'code_gift', 'what it is for stands in the message';
form($next, $bolat, @mother, key => 'b');
($status, $text) = page($at, $bolat);
like $text, qr/3344/, 'the page says where it went';
unlike $text, qr/$code|$mother|7770003344/, 'and not what it is, nor who';
is((page("$draft.check", $bolat))[0], 303, 'the end is closed until it is typed');
($status, undef, $text) = form($at, $bolat, code => other($code));
is $status, 400, 'a wrong code';
like $text, qr/id="code-wrong"/, '... is said beside it';
form($at, $bolat, act => 'again', key => 'c');
$letter = letter_to('+77770003344', 2);
is scalar(grep { ($_->{to}{msisdn} // '') eq '+77770003344' } letters()), 2, 'a new one goes out when it is asked for, none when the question is answered alike';
($status, undef, $text) = form($at, $bolat, code => $code);
is $status, 400, 'the old one is none any more' if $code ne code_in($letter);
$code = code_in($letter);
($status, $next) = form($at, $bolat, code => substr($code, 0, 3) . ' ' . substr($code, 3));
is "$status $next", "303 $draft.entered", 'the right one: on which day did he come?';
like((form($next, $bolat, day => 1, month => 1, year => 2999))[2], qr/id="date-wrong"/, 'not one to come');
form($next, $bolat, day => 2, month => 4, year => 2025);
($status, $at) = file_draft($draft);
is $status, 303, 'filed';
like $at, qr{/cabinet/\d{4}-\d{10}/filed}, '... with its receipt';
ok Register::poll(5, sub { (ask('GET', "/api/v1/check/$phone"))[1]{list} eq 'white' }), 'white, without an officer';
like Register::slurp("$dir/asked"), qr/"iin":"$mother"/, 'the border was asked for who brought it';

($draft, $next) = gift_draft(phone());
is((form($next, $bolat, consents => 'no', iin => '12'))[1], "$draft.country", 'no phone here: the way past it, whatever stands in the fields');
($status, $at) = file_draft($draft);
my ($waits) = $at =~ m{/cabinet/(\S+)/filed};
ok Register::poll(5, sub { (ask('GET', "/api/v1/desk/$waits", undef, $erlan))[1]{checked} }), 'it is filed as well';
is((ask('GET', "/api/v1/applications/$waits", undef, $bolat))[1]{state}, 'checking', '... and waits for an officer');

($draft, $next) = gift_draft(phone());
form($next, $bolat, @mother[0 .. 3], msisdn => '+77770005566');
$code = code_in(letter_to('+77770005566'));
form("$draft.consent", $bolat, code => other($code)) for 1 .. 5;
($status, $text) = page("$draft.consent", $bolat);
like $text, qr/id="code-wrong"/, 'five wrong ones: the page says that it counts no more';
($status, undef, $text) = form("$draft.consent", $bolat, code => $code);
is $status, 400, '... not even the right one';
my @said = map { (form("$draft.consent", $bolat, act => 'again', key => "more$_"))[0] } 1 .. 5;
is $said[-1], 429, 'too many are refused';
($status, undef, $text) = form("$draft.consent", $bolat, act => 'again', key => 'last');
like $text, qr/role="alert"/, '... which is said';
is((form("$draft.consent", $bolat, act => 'without'))[1], "$draft.country", 'and the way goes on without');
is((page("$draft.consent", $bolat))[0], 303, '... where no code is asked for');
is((form("$draft.traveller", $aigul, @mother))[1], '/cabinet', 'another\'s draft is nobody\'s business');

# ---- who knows what ----

my $audit;
Register::poll(5, sub { $audit = $r->run('audit', 'show')->{out}; $audit =~ /code_tried/ });
like $audit, qr/code_sent/, 'sending is in the audit log';
like $audit, qr/code_tried .*CODE_WRONG/, 'so is a wrong try';
unlike $audit, qr/7011234567|7770001122|7770003344/, 'no number is';
unlike $r->stored, qr/7011234567|7770001122|$guest_iin/, 'nor in the register in clear';
my $journal = $r->run('journal', 'list')->{out};
unlike $journal, qr/$guest_iin|7011234567/, 'nor in the journal';
done_testing;
