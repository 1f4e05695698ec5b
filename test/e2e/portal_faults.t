#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# portal_faults - what a program hears of a request that is wrong: which field, which rule, in words of its
# language what the field wants; and what the server's log keeps of a failure of ours: why, and nobody's number.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $dir = $r->{dir};
people_of($r);
my $iin = person_number('8501013');
authority('nca');
give('nca', 'aigul', "/CN=A/serialNumber=IIN$iin", 'person');
staff('erlan', 'officer');
my $border_port = border_start();
border('no');
$r->settings("[portal]\nopen = yes\neds_ca = $dir/nca.pem\nborder = http://127.0.0.1:$border_port/\n");
my $server = $r->serve;
people_server($server);
my $aigul = enter('aigul');
my $erlan = enter_staff('erlan');

sub wish {
    my (%other) = @_;
    return {kind => 'personal', way => 'carried', country => 'TR', entered => '2026-03-01',
        devices => [{imeis => [imei(1)], brand => 'Samsung', model => 'Galaxy'}], %other};
}
sub device { return wish(devices => [{imeis => [imei(2)]}, {imeis => [imei(3)], @_}]) }
my $today = sprintf '%04d', 1900 + (gmtime)[5] + 2;

# ---- POST /api/v1/applications, field by field ----

# what is wrong => reason, field, part of the rule
my @wrong = (
    ['no JSON',               '{',                            'USAGE',         undef,       'JSON object'],
    ['a list',                '[]',                           'USAGE',         undef,       'JSON object'],
    ['no UTF-8',              qq({"kind": "\xff"}),           'UTF8',          undef,       'UTF-8'],
    ['a member twice',        '{"kind":"a","kind":"b"}',      'USAGE',         undef,       'no member twice'],
    ['no kind',               {%{wish()}, kind => undef},     'USAGE',         'kind',      'no kind'],
    ['an unknown kind',       wish(kind => 'toy'),            'USAGE',         'kind',      'no kind'],
    ['a kind that is a list', wish(kind => []),               'USAGE',         'kind',      'a text'],
    ['an unknown way',        wish(way => 'swum'),            'USAGE',         'way',       'no way'],
    ['a way in numbers',      wish(way => 5),                 'USAGE',         'way',       'a text'],
    ['a country of three',    wish(country => 'TUR'),         'USAGE',         'country',   'two capital letters'],
    ['a country in small',    wish(country => 'tr'),          'USAGE',         'country',   'two capital letters'],
    ['a country that is no text', wish(country => {}),        'USAGE',         'country',   'a text'],
    ['no day',                wish(entered => 'yesterday'),   'DATE',          'entered',   'YYYY-MM-DD'],
    ['a day to come',         wish(entered => "$today-01-01"), 'DATE',         'entered',   'to come'],
    ['carried, and no day',   wish(entered => undef),         'USAGE',         'entered',   'the day'],
    ['a parcel, and no number', wish(way => 'parcel'),        'USAGE',         'document',  'parcel'],
    ['a long document',       wish(document => 'x' x 65),     'TOO_LONG',      'document',  '64 bytes'],
    ['a document of two lines', wish(document => "a\nb"),     'ONE_LINE',          'document',  'plain text'],
    ['no devices',            wish(devices => undef),         'USAGE',         'devices',   'a list'],
    ['an empty list',         wish(devices => []),            'DEVICE_IMEIS',  'devices',   '1 to 20'],
    ['21 devices',            wish(devices => [map { {imeis => [imei($_)]} } 1 .. 21]), 'TOO_MANY', 'devices', 'at most 20'],
    ['a device that is a text', wish(devices => ['x']),       'USAGE',         'devices[0]', 'an object'],
    ['no IMEI',               device(imeis => []),            'DEVICE_IMEIS',  'devices[1].imeis', '1 to 4'],
    ['five IMEIs',            device(imeis => [map { imei($_) } 11 .. 15]), 'DEVICE_IMEIS', 'devices[1].imeis', '1 to 4'],
    ['IMEIs that are a text', device(imeis => imei(4)),       'USAGE',         'devices[1].imeis', 'a list'],
    ['an IMEI in numbers',    device(imeis => [imei(4), 35]), 'USAGE',         'devices[1].imeis[1]', 'digits'],
    ['a short IMEI',          device(imeis => ['1234']),      'IMEI_FORM',     'devices[1].imeis[0]', 'digits'],
    ['a mistyped IMEI',       device(imeis => ['490154203237510']), 'IMEI_MISTYPED', 'devices[1].imeis[0]', 'check digit'],
    ['letters in an IMEI',    device(imeis => ['49015420323751x']), 'IMEI_CHARS', 'devices[1].imeis[0]', 'digits'],
    ['old IMEIs, no repair',  device(old_imeis => [imei(5)]), 'DEVICE_IMEIS',  'devices[1].old_imeis', 'repair'],
    ['a mistyped old IMEI',   device(old_imeis => ['490154203237510']), 'IMEI_MISTYPED', 'devices[1].old_imeis[0]', 'check digit'],
    ['a long brand',          device(brand => 'x' x 97),      'TOO_LONG',      'devices[1].brand', '96 bytes'],
    ['a brand of two lines',  device(brand => "a\nb"),        'ONE_LINE',          'devices[1].brand', 'plain text'],
    ['a brand that is no text', device(brand => []),          'USAGE',         'devices[1].brand', 'a text'],
    ['a long model',          device(model => 'x' x 97),      'TOO_LONG',      'devices[1].model', '96 bytes'],
    ['a model of two lines',  device(model => "a\x7fb"),      'ONE_LINE',          'devices[1].model', 'plain text'],
    ['an IMEI twice',         device(imeis => [imei(2)]),     'DUPLICATE_IN_FILE', 'devices', 'twice'],
);
for my $row (@wrong) {
    my ($name, $body, $reason, $field, $rule) = @$row;
    my ($status, $json, $head) = ask('POST', '/api/v1/applications', $body, $aigul);
    is "$json->{reason} " . ($json->{field} // '-'), "$reason " . ($field // '-'), "$name: which field";
    like $json->{rule}, qr/\Q$rule/, "$name: which rule";
    like $head, qr{^Content-Type: application/problem\+json}m, "$name: a problem";
    ok length($json->{detail} // '') > 10, "$name: what to do";
    like $json->{detail}, qr/^\Q$field: \E[А-Яа-яA-Z]/, "$name: ... of that field" if $field && $field !~ /\]$/;
}
my %in;
for my $lang (qw(kk ru en)) {
    my (undef, $json) = ask('POST', '/api/v1/applications', wish(country => 'x'), $aigul, 'Accept-Language' => $lang);
    $in{$json->{detail}} = 1;
    like $json->{detail}, qr/^country: /, "$lang: the field stands first";
}
is scalar keys %in, 3, 'in three languages';
my (undef, $key) = ask('POST', '/api/v1/applications', wish(), $aigul, 'Idempotency-Key' => 'k' x 65);
is "$key->{reason} $key->{field}", 'TOO_LONG Idempotency-Key', 'the header is named as well';
like $key->{detail}, qr/^Idempotency-Key: /, '... and what it wants';
is((ask('GET', '/api/v1/applications?after=x', undef, $aigul))[1]{field}, 'after', 'of a query, too');
is((ask('GET', '/api/v1/desk?after=x', undef, $erlan))[1]{field}, 'after', '... of the desk');

# ---- the others ----

my ($status, $filed) = ask('POST', '/api/v1/applications', wish(), $aigul);
is $status, 201, 'a right one is filed';
my $at = "/api/v1/desk/$filed->{number}";
ok Register::poll(5, sub { (ask('GET', $at, undef, $erlan))[1]{checked} }), 'and checked';
ask('POST', "$at/claim", {}, $erlan);
for my $row (
    ['ask',    {},                                  'USAGE',    'note',         'which papers'],
    ['ask',    {note => 5},                         'USAGE',    'note',         'a text'],
    ['ask',    {note => 'x' x 501},                 'TOO_LONG', 'note',         '500 bytes'],
    ['decide', {},                                  'USAGE',    'decisions',    'a list'],
    ['decide', {decisions => [{}]},                 'USAGE',    'decisions[0]', 'either'],
    ['decide', {decisions => [{refusal => 'ODD'}]}, 'USAGE',    'decisions[0]', 'either'],
    ['decide', {decisions => [{approve => JSON::PP::true}], note => 'x' x 501}, 'TOO_LONG', 'note', '500 bytes'],
  )
{
    my ($act, $body, $reason, $field, $rule) = @$row;
    my (undef, $json) = ask('POST', "$at/$act", $body, $erlan);
    is "$json->{reason} " . ($json->{field} // '-'), "$reason $field", "$act: $reason of $field";
    like $json->{rule}, qr/\Q$rule/, "$act: the rule of $field";
}
my (undef, $long) = ask('POST', "/api/v1/applications/$filed->{number}/appeal", {note => 'x' x 501}, $aigul);
is "$long->{reason} $long->{field}", 'TOO_LONG note', 'appeal: the note';
my (undef, $secret) = ask('POST', '/api/v1/sign-in/password', {name => 'erlan', password => 5, code => ''});
is "$secret->{reason} $secret->{field}", 'USAGE password', 'sign-in: a password that is no text';

# ---- a failure of ours stands in the log, once and with nobody's number ----

SKIP: {
    skip 'the file is SQLite\'s', 5 if $r->{backend} ne 'sqlite';
    my $number = $filed->{number};
    my $imei = imei(1);
    my $log = sub { Register::slurp("$dir/serve.err") };
    unlike $log->(), qr/event=failure/, 'all went well so far';
    # a hand that writes there damages the record of a case
    $r->sql("UPDATE record SET value = x'00010203' WHERE substr(key, 1, 1) = x'43'");
    my ($s, $json) = ask('GET', "/api/v1/applications/$number", undef, $aigul);
    is $s, 500, 'damaged: a failure of ours';
    ok !exists $json->{rule}, '... of which nobody hears more';
    ok Register::poll(3, sub { $log->() =~ m{event=failure method=GET route=/api/v1/applications/\{\} status=500 detail="[^"]+"} }),
        '... but whoever reads the log' or diag $log->();
    unlike $log->(), qr/\Q$iin\E|\Q$imei\E|\d{12}/, 'and it names nobody';
}
Register::stop($server->{pid});
done_testing;
