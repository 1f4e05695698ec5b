#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# corrections - after approval: a mistyped IMEI moves, from the cabinet to the desk to the public answer; a forgotten one
# joins; what did not arrive goes by itself, of a file too; an officer's own correction is another's to decide; a marked
# one needs two; what is refused is said with its field and changes nothing; sent again it is filed once; the journal
# names both IMEIs; by page with papers, and by an officer; killed between, it stands once.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use POSIX qw(strftime);
use Portal;
use Register;
use Test::More;
use Time::HiRes qw(sleep time);

my $r = Register->new;
my $p = Portal->new($r, border => 0);
$p->staff($_, 'officer') for 'erlan', 'dana';
my $iin = Portal::number_of('8501013');
$p->person('aigul', 'АХМЕТОВА АЙГҮЛ', '8501013');
$p->organisation('firm', 'ТОО Импорт', $iin, '0101400');
my $tac = '35267706';
my $week = strftime '%Y-%m-%d', localtime(time - 3 * 86_400);
my ($phone, $second, $right, $used, $forgotten, $stolen) = map { imei($_, $tac) } 1, 2, 3, 11, 5, 21;
$r->file('feed.csv', Register::lines('date,imei,imsi,msisdn,rat',
    map { "$week,$_,401011234567890,77010000000,LTE" } $right, $used, imei(1, '35267709')));
is $r->run('feed', 'load', '--operator', 'Kcell', '--accept', 'all', '--reason', 'test', $r->path('feed.csv'))->{code}, 0, 'three phones are used';

my $server = $p->serve;
my ($firm, $aigul) = map { $p->enter($_) } 'firm', 'aigul';
my ($erlan, $dana) = map { $p->enter_staff($_) } 'erlan', 'dana';
my $yes = {approve => JSON::PP::true};

sub at_desk { my ($who, $number, $act, $body) = @_; return $p->ask('POST', "/api/v1/desk/$number/$act", $body // {}, $who) }
sub seen { my ($number) = @_; return ($p->ask('GET', "/api/v1/desk/$number", undef, $erlan))[1] }
sub checked { my ($number) = @_; return Register::poll(20, sub { my $a = seen($number); return ($a->{checked} || $a->{state} ne 'checking') && $a }) }
sub list { return ($p->ask('GET', "/api/v1/check/$_[0]"))[1]{list} }
sub turns { my ($imei, $list) = @_; return Register::poll(5, sub { list($imei) eq $list }) }
sub state { my ($number) = @_; return ($p->ask('GET', "/api/v1/applications/$number", undef, $firm))[1]{state} }
sub approve {
    my ($who, $number, $n) = @_;
    at_desk($who, $number, 'claim');
    return (at_desk($who, $number, 'decide', {decisions => [($yes) x $n], note => ''}))[1];
}
sub import_of {
    my @devices = @_;
    my ($status, $json) = $p->ask('POST', '/api/v1/applications', {kind => 'import', document => 'KZ-1',
        devices => [map { {imeis => $_, brand => 'Samsung', model => 'A1'} } @devices]}, $firm);
    is $status, 201, 'an import is filed' or diag explain $json;
    is approve($erlan, $json->{number}, scalar @devices)->{state}, 'approved', '... and approved';
    return $json->{number};
}
sub correct { # number, body, who, headers
    my ($number, $body, $who, %head) = @_;
    return $p->ask('POST', "/api/v1/applications/$number/corrections", $body, $who // $firm, %head);
}
sub refused { my (undef, $json) = correct(@_); return join ' ', map { $_ // '-' } @$json{qw(reason field)} }

my $number = import_of([$phone, $second], [$used], [$stolen]);
ok turns($phone, 'white'), 'white';

# ---- mistyped: from the cabinet to the desk to the public answer ----

my $typed = {ground => 'mistyped', devices => [{imei => $phone, becomes => $right}], note => 'Опечатка в цифре'};
my ($status, $c, $head) = correct($number, $typed, $firm, 'Idempotency-Key' => 'once');
is $status, 201, 'a correction is filed' or diag explain $c;
like $head, qr{^Location: /api/v1/applications/$c->{number}\r?$}m, 'with its own number';
is_deeply $c->{corrects}, {number => $number, ground => 'mistyped'}, 'that hangs at the first';
is_deeply [sort @{$c->{devices}[0]{imeis}}], [sort $second, $right], 'the device as it will be';
is_deeply $c->{devices}[0]{old_imeis}, [$phone], 'and what leaves it';
my $again = (correct($number, $typed, $firm, 'Idempotency-Key' => 'once'))[1];
is $again->{number}, $c->{number}, 'sent again it is the same';
is refused($number, {%$typed, note => 'Иначе'}, $firm, 'Idempotency-Key' => 'once'), 'IDEMPOTENCY -', 'the key is for nothing else';
is refused($number, $typed), 'OPEN_ALREADY -', 'one open correction a device';
my ($v) = $r->check($right);
ok $v->{list} eq 'grey' && !defined $v->{deadline}, 'the right one is held, it has no last day';
is list($phone), 'white', 'nothing moves before it is decided';
my $desk = checked($c->{number});
is_deeply $desk->{findings}, ['needs_proof'], 'an officer decides';
is $desk->{corrects}{number}, $number, 'and sees what it corrects';
is $desk->{events}[0]{note}, 'Опечатка в цифре', 'and why';
is approve($erlan, $c->{number}, 1)->{state}, 'approved', 'approved';
ok turns($right, 'white'), 'the right one is white';
ok turns($phone, 'unknown'), 'the wrong one is what it was';
is list($second), 'white', 'its other IMEI stays';
my $history = $r->run('journal', 'show', '--imei', $phone)->{out};
like $history, qr/approval_withdrawn/, 'its history tells that the approval was withdrawn';
my $journal = $r->run('journal', 'show')->{out};
like $journal, qr/$c->{number}/, 'the journal names the correction';
my $listed = ($p->ask('GET', "/api/v1/applications/$number/corrections", undef, $firm))[1];
is_deeply [map { $_->{number} } @{$listed->{applications}}], [$c->{number}], 'the first lists it';

# ---- what is refused, with its field ----

is refused($number, {ground => 'lost', devices => []}), 'USAGE ground', 'no such ground';
is refused($number, {ground => 'returned', devices => []}), 'DEVICE_IMEIS devices', 'no device';
is refused($number, {ground => 'returned'}), 'USAGE devices', 'no list';
is refused($number, {ground => 'returned', devices => [{imei => '123'}]}), 'IMEI_FORM devices[0].imei', 'no IMEI';
is refused($number, {ground => 'returned', devices => [{imei => $phone}]}), 'NOT_APPROVED devices[0]', 'one that is not approved here any more';
is refused($number, {ground => 'mistyped', devices => [{imei => $used}]}), 'DEVICE_IMEIS devices[0].becomes', 'without the right one';
is refused($number, {ground => 'mistyped', devices => [{imei => $used, becomes => $second}]}), 'DUPLICATE_IN_FILE devices[0]', 'the right one is approved already';
is refused($number, {ground => 'forgotten', devices => [{imei => $used, imeis => ['1']}]}), 'IMEI_FORM devices[0].imeis[0]', 'a forgotten one that is none';
is refused($number, {ground => 'returned', devices => [{imei => $used}], note => 'x' x 501}), 'TOO_LONG note', 'the note';
is refused($number, {ground => 'returned', devices => [map { {imei => imei($_, $tac)} } 1 .. 1001]}), 'TOO_MANY devices', '1001 IMEIs';
is refused($number, {ground => 'returned', devices => [{imei => $used}]}, $aigul), 'NOT_FOUND -', 'another\'s';
is refused($c->{number}, {ground => 'returned', devices => [{imei => $right}]}), 'NOT_NOW -', 'a correction is not corrected, the first is';
is((correct($number, $typed, $erlan))[0], 403, 'the cabinet\'s address is no officer\'s');

# ---- forgotten ----

($status, my $f) = correct($number, {ground => 'forgotten', devices => [{imei => $right, imeis => [$forgotten]}]});
is $status, 201, 'a forgotten one';
is approve($erlan, $f->{number}, 1)->{state}, 'approved', 'approved';
ok turns($forgotten, 'white'), 'white';

# ---- in use: an officer; an officer's own correction is another's to decide ----

($status, my $u) = $p->ask('POST', "/api/v1/desk/$number/corrections", {ground => 'returned', devices => [{imei => $used}]}, $erlan);
is $status, 201, 'an officer files one' or diag explain $u;
ok !exists $u->{receipt}, 'without its receipt';
is_deeply checked($u->{number})->{devices}[0]{findings}, ['in_use'], 'somebody uses it';
is((at_desk($erlan, $u->{number}, 'claim'))[1]{reason}, 'SAME_PERSON', 'not decided by him');
is approve($dana, $u->{number}, 1)->{state}, 'approved', 'but by another';
ok turns($used, 'grey'), 'its user has a term';
($v) = $r->check($used);
ok $v->{deadline}, 'with a last day';

# ---- unused, and an officer says that it went back: no rule decides that alone ----

my $unused = imei(41, $tac);
my $shipment = import_of([$unused]);
($status, my $back) = $p->ask('POST', "/api/v1/desk/$shipment/corrections", {ground => 'returned', devices => [{imei => $unused}]}, $erlan);
is $status, 201, 'an officer says that a phone nobody uses went back';
is_deeply checked($back->{number})->{findings}, ['needs_proof'], 'it waits for another officer';
is seen($back->{number})->{state}, 'checking', 'and is not done by itself';
ok turns($unused, 'white'), 'its phone stays white';
is((at_desk($erlan, $back->{number}, 'claim'))[1]{reason}, 'SAME_PERSON', 'not his to decide');
is approve($dana, $back->{number}, 1)->{state}, 'approved', 'the other one does';

# ---- marked: two ----

is $r->run('suspend', '--mark', 'stolen', '--by', 'police', '--order', '7', $stolen)->{code}, 0, 'one is stolen';
(undef, my $m) = correct($number, {ground => 'exported', devices => [{imei => $stolen}]});
checked($m->{number});
is_deeply approve($erlan, $m->{number}, 1)->{proposal}{devices}[0]{lifts}, ['marked'], 'a marked one waits for a second officer';
is((at_desk($dana, $m->{number}, 'confirm'))[1]{state}, 'approved', 'who confirms');
ok turns($stolen, 'black'), 'the mark stays';

# ---- a shipment by file that came in part ----

my $b = Bulk->new($p, $firm);
my @rows = map { row(imei($_, '35267707'), imei($_ + 500, '35267707')) } 1 .. 12;
my $up = $b->send_whole(Register::lines($header, @rows));
my $file = ($p->ask('POST', '/api/v1/applications', {kind => 'import', document => 'KZ-2', upload => $up->{id}}, $firm))[1];
checked($file->{number});
at_desk($erlan, $file->{number}, 'claim');
at_desk($erlan, $file->{number}, 'decide', $yes);
ok Register::poll(20, sub { state($file->{number}) eq 'approved' }), 'a file is approved';
ok turns(imei(3, '35267707'), 'white') && turns(imei(2, '35267707'), 'white'), 'white';
my @gone = map { {imei => imei($_, '35267707')} } 3 .. 7;
($status, my $part) = correct($file->{number}, {ground => 'not_arrived', devices => \@gone});
is $status, 201, 'five of its devices did not arrive' or diag explain $part;
ok Register::poll(20, sub { state($part->{number}) eq 'approved' }), 'nobody uses them: the register withdraws by itself';
ok turns(imei(3, '35267707'), 'unknown') && list(imei(503, '35267707')) eq 'unknown', 'each with all its IMEIs';
is list(imei(2, '35267707')), 'white', 'the others stay';
is refused($file->{number}, {ground => 'not_arrived', devices => [{imei => imei(503, '35267707')}]}), 'NOT_APPROVED devices[0]', 'once';
(undef, my $moved) = correct($file->{number}, {ground => 'mistyped', devices => [{imei => imei(8, '35267707'), becomes => imei(800, '35267707')}]});
is_deeply [sort @{$moved->{devices}[0]{imeis}}], [sort(imei(508, '35267707'), imei(800, '35267707'))], 'a device of a file, with its other IMEI';

# ---- more devices than are typed: one word for all, by page ----

@rows = map { row(imei($_, '35267709')) } 1 .. 24;
$up = $b->send_whole(Register::lines($header, @rows));
my $large = ($p->ask('POST', '/api/v1/applications', {kind => 'import', document => 'KZ-3', upload => $up->{id}}, $firm))[1];
checked($large->{number});
at_desk($erlan, $large->{number}, 'claim');
at_desk($erlan, $large->{number}, 'decide', $yes);
at_desk($dana, $large->{number}, 'decide', $yes);
ok Register::poll(20, sub { state($large->{number}) eq 'approved' }), 'a larger file is approved';
ok turns(imei(24, '35267709'), 'white'), 'white';
($status, my $all) = correct($large->{number}, {ground => 'exported', devices => [map { {imei => imei($_, '35267709')} } 1 .. 24]});
is $status, 201, '24 devices left the country' or diag explain $all;
checked($all->{number});
at_desk($erlan, $all->{number}, 'claim');
my (undef, undef, undef, $page) = $p->ask('GET', "/desk/$all->{number}", undef, $erlan);
is scalar(() = $page =~ /<select /g), 1, 'the desk asks once';
my %form = ('Content-Type' => 'application/x-www-form-urlencoded');
($status) = $p->ask('POST', "/desk/$all->{number}/decide", "csrf=$erlan->{csrf}&d0=approve&note=", $erlan, %form);
is $status, 303, 'decided';
is scalar(@{seen($all->{number})->{proposal}{devices}}), 24, 'many: it waits for a second officer';
is((at_desk($dana, $all->{number}, 'confirm'))[1]{state}, 'approved', 'who confirms');
ok turns(imei(24, '35267709'), 'unknown') && turns(imei(1, '35267709'), 'grey'), 'all are white no more, the used one has a term';

# ---- by page: with papers, and by an officer ----

my ($wrong, $own, $becomes) = map { imei($_, $tac) } 31, 32, 33;
my $shown = import_of([$wrong, $own]);
sub parts { return join '', (map { "--b0\r\nContent-Disposition: form-data; name=\"$_->[0]\"" . ($_->[2] ? "; filename=\"$_->[2]\"\r\nContent-Type: application/pdf" : '') . "\r\n\r\n$_->[1]\r\n" } @_), "--b0--\r\n" }
sub page_form { # with files, as the applicant: (status, page, where it leads)
    my ($path, @parts) = @_;
    my ($s, undef, $h, $text) = $p->ask('POST', $path, parts(['csrf', $firm->{csrf}], @parts), {token => $firm->{token}}, 'Content-Type' => 'multipart/form-data; boundary=b0');
    return ($s, $text, $h =~ /^Location: (\S+)/mi ? $1 : '');
}
my $pdf = "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n";
my @fields = (['ground', 'mistyped'], ['key', 'k1'], ['imei', $wrong], ['right', ''], ['note', 'Опечатка']);
($status, $page) = page_form("/cabinet/$shown/correct", @fields, ['files', $pdf, 'чек.pdf'], ['act', 'attach']);
is $status, 200, 'a paper is attached';
my ($paper) = $page =~ /name="paper" value="([0-9a-f]{32})"/;
ok $paper, '... and carried by the form';
unlike $page, qr/id="right-wrong"/, 'who is not done yet is told nothing of the rest';
like $page, qr/value="$wrong" checked/, 'what was chosen stays';
@fields = (@fields[0 .. 2], ['right', $becomes], ['note', 'Опечатка'], ['paper', $paper]);
($status, $page) = page_form("/cabinet/$shown/correct", @fields, ['files', 'MZ', 'a.pdf']);
is $status, 415, 'one that is no paper';
like $page, qr/id="files-wrong".*a\.pdf/s, '... is told beside the field, by its name';
($status, undef, my $to) = page_form("/cabinet/$shown/correct", @fields);
my ($made) = $to =~ m{^/cabinet/(\d{4}-\d{10})/filed};
ok $made, 'filed';
is((page_form("/cabinet/$shown/correct", @fields))[2], $to, 'sent again it is the same');
is_deeply [map { $_->{name} } @{seen($made)->{papers}}], ['чек.pdf'], 'the officer has the paper';
is approve($erlan, $made, 1)->{state}, 'approved', 'approved';
is((page_form("/cabinet/$shown/correct", ['ground', 'returned'], ['key', 'k2'], ['imei', join "\r\n", map { imei($_, $tac) } 1000 .. 1999]))[0], 409, 'a thousand IMEIs are read, none of them is approved here');

sub desk_form {
    my ($who, $path, $body) = @_;
    my ($s, undef, $h, $text) = $p->ask('POST', $path, "csrf=$who->{csrf}&$body", {token => $who->{token}}, %form);
    return ($s, $text, $h =~ /^Location: (\S+)/mi ? $1 : '');
}
like(($p->ask('GET', "/desk/$shown", undef, $erlan))[3], qr{href="/desk/$shown/correct"}, 'an officer has the way to it');
($status, undef, undef, $page) = $p->ask('GET', "/desk/$shown/correct?ground=returned", undef, $erlan);
is $status, 200, 'his form';
unlike $page, qr/type="file"/, '... takes no papers';
is((desk_form($erlan, "/desk/$shown/correct", "ground=returned&key=d1&imei=1"))[0], 400, 'what is no IMEI is told');
($status, undef, $to) = desk_form($erlan, "/desk/$shown/correct", "ground=returned&key=d1&imei=$own");
my ($his) = $to =~ m{^/desk/(\d{4}-\d{10})};
ok $his, 'filed, and he is led to it at the desk';
is((desk_form($erlan, "/desk/$shown/correct", "ground=returned&key=d1&imei=$own"))[2], $to, 'sent again it is the same');
checked($his);
is state($his), 'checking', 'nobody uses it, but an officer says so: it waits';
is approve($dana, $his, 1)->{state}, 'approved', '... for another';
is(($p->ask('GET', "/desk/$his/correct", undef, $erlan))[0], 303, 'a correction is not corrected: back to its page');
Register::poll(5, sub { $r->run('audit', 'show')->{out} =~ /erlan.* file / });
like $r->run('audit', 'show')->{out}, qr/ look /, 'his looks are noted';

# ---- killed between ----

kill 'KILL', $server->{pid};
waitpid $server->{pid}, 0;
$p->serve;
is seen($moved->{number})->{state}, 'checking', 'killed between: it waits still';
is approve($erlan, $moved->{number}, 1)->{state}, 'approved', 'and is decided';
ok turns(imei(800, '35267707'), 'white') && turns(imei(8, '35267707'), 'unknown'), 'moved';
is $r->run('db', 'check')->{code}, 0, 'the register is whole';
done_testing;
