#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# accreditation - which makers and service centres are accredited: loaded as a file, put and revoked by API, listed by
# both; what the check tells officers of an application, typed and by file; a revocation while it waits is seen before it
# is approved; whoever begins an application hears of it, and files all the same.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bulk;
use Portal;
use POSIX qw(strftime);
use Register;
use Test::More;

my $r = Register->new;
my $p = Portal->new($r);
my $iin = Portal::number_of('8501013');
my $bin = $p->organisation('maker', 'ТОО Мастер', $iin, '0101400');
my $centre = $p->organisation('centre', 'ТОО Сервис', $iin, '0202400');
$p->staff('erlan', 'officer');
$p->staff('root', 'admin');

sub day { return strftime '%Y-%m-%d', gmtime(time + 5 * 3600 + 86_400 * $_[0]) } # in Almaty
my $head = 'bin,kinds,certificate_no,valid_from,valid_until';
sub load { my (@rows) = @_; return $r->run('--json', 'accreditation', 'load', $r->file('accreditations.csv', lines(@rows))) }

$p->serve;
my ($maker, $service, $erlan, $root) = ($p->enter('maker'), $p->enter('centre'), $p->enter_staff('erlan'), $p->enter_staff('root'));

my $serial = 0;
sub file {
    my ($who, $kind, %more) = @_;
    $serial += 10;
    my ($status, $a) = $p->ask('POST', '/api/v1/applications', {kind => $kind, %more, $more{upload} ? () : (devices => [
            {imeis => [imei($serial)], brand => 'Samsung', model => 'A1', $kind eq 'repair' ? (old_imeis => [imei($serial + 1)]) : ()}])}, $who);
    is $status, 201, "$kind is filed" or diag explain $a;
    return $a->{number};
}
sub seen { my ($number) = @_; return ($p->ask('GET', "/api/v1/desk/$number", undef, $erlan))[1] }
sub checked { my ($number) = @_; return Register::poll(20, sub { my $a = seen($number); return $a->{checked} && $a }) || seen($number) }
sub found { my ($a) = @_; return join ' ', grep { /accredit/ } @{$a->{findings}} }
sub act { my ($number, $act, $body) = @_; return $p->ask('POST', "/api/v1/desk/$number/$act", $body, $erlan) }
my $yes = {decisions => [{approve => JSON::PP::true}]};
sub page { my ($who, $path) = @_; return ($p->ask('GET', $path, undef, $who, 'Accept-Language' => 'ru'))[3] }

# ---- a register that keeps none ----

my $before = checked(file($maker, 'manufacture'));
is found($before), '', 'a register without a table finds nothing';
ok !exists $before->{accreditations}, '... and shows nothing';
unlike page($maker, '/apply/manufacture'), qr/id="accreditation"/, '... and tells the applicant nothing';

# ---- files ----

is load($head, "$bin,manufacture|repair,KZ.1," . day(-365) . ',' . day(0))->{out}, qq({"rows":1,"new":1,"corrected":0}\n), 'a file is loaded';
is load($head, "$bin,manufacture|repair,KZ.1," . day(-365) . ',' . day(0))->{out}, qq({"rows":1,"new":0,"corrected":0}\n), 'twice changes nothing';
my $bad = load($head, "$bin,import,KZ.2," . day(0) . ',' . day(1));
is $bad->{code}, 2, 'a bad row refuses the file';
like $bad->{err}, qr/accreditations\.csv:2:2: USAGE `import`: column kinds: manufacture, repair, or both/, 'and says where, what, why';
is $r->run('--json', 'accreditation', 'list')->{out},
  qq({"bin":"$bin","kinds":"manufacture|repair","certificate_no":"KZ.1","valid_from":"${\day(-365)}","valid_until":"${\day(0)}","revoked_on":null,"state":"in_force"}\n), 'the list';

# ---- what officers and applicants hear ----

my $in_force = checked(file($maker, 'manufacture'));
is found($in_force), '', 'its last day counts';
is $in_force->{accreditations}[0]{state}, 'in_force', 'the officer sees the certificate';
is found(checked(file($maker, 'repair'))), '', 'for each kind that it names';
my $none = checked(file($service, 'repair'));
is found($none), 'not_accredited', 'who has none is told to the officer';
is_deeply $none->{accreditations}, [], '... with nothing to show';
like page($erlan, "/desk/$none->{number}"), qr/Нет аккредитации.*В реестре нет аккредитаций этой организации/s, '... on his page';
like page($service, '/apply/repair'), qr/id="accreditation".*В реестре нет аккредитации вашей организации.*<button/s, 'the applicant reads it before he begins, and begins';
like page($service, '/files/manufacture'), qr/В реестре нет аккредитации вашей организации/, '... before a file, too';
unlike page($maker, '/apply/repair'), qr/id="accreditation"/, 'who has one reads nothing';
act($none->{number}, 'claim', {});
is((act($none->{number}, 'decide', {decisions => [{refusal => 'NOT_ACCREDITED'}]}))[1]{state}, 'refused', 'refused for want of it');

# ---- by API ----

my %row = (bin => $centre, kinds => ['repair'], certificate_no => 'KZ.9', valid_from => day(-1), valid_until => day(30));
sub put { my (%more) = @_; return $p->ask('POST', '/api/v1/accreditations', {%row, %more}, $root) }
my ($status, $given) = put();
is "$status $given->{state}", '201 in_force', 'given';
is((put())[0], 200, 'twice is once');
is((put(valid_until => day(60)))[1]{valid_until}, day(60), 'corrected');
for my $wrong ([bin => '150440000004', 'IIN_BIN'], [kinds => ['import'], 'USAGE'], [kinds => [], 'USAGE'], [certificate_no => '', 'NAME'],
    [valid_from => 'today', 'DATE'], [valid_until => day(-2), 'DATE'], [certificate_no => 'x' x 65, 'TOO_LONG']) {
    my ($field, $value, $reason) = @$wrong;
    my (undef, $problem) = put($field => $value);
    is "$problem->{reason} $problem->{field}", "$reason $field", "refused: $field";
}
my (undef, $list) = $p->ask('GET', '/api/v1/accreditations', undef, $root);
is_deeply [sort map { $_->{certificate_no} } @{$list->{accreditations}}], [qw(KZ.1 KZ.9)], 'listed';
is $list->{next}, undef, 'all of them';
is((($p->ask('GET', '/api/v1/accreditations?after=x', undef, $root))[1]{field}), 'after', 'a cursor is one of ours');

# ---- revoked while an application waits ----

my $number = file($service, 'repair');
my $repair = checked($number);
is found($repair), '', 'in force when it was filed';
act($number, 'claim', {});
sub revoke { my (%more) = @_; return $p->ask('POST', '/api/v1/accreditations/revoke', {bin => $centre, certificate_no => 'kz.9', %more}, $root) }
is((revoke(certificate_no => 'KZ.8'))[0], 404, 'a certificate that is none');
is((revoke(revoked_on => day(1)))[1]{state}, 'in_force', 'revoked from tomorrow on: today it counts');
is((revoke())[1]{state}, 'revoked', 'revoked today');
my ($refused, $why) = act($number, 'decide', $yes);
is "$refused $why->{reason}", '409 ACCREDITATION', 'whoever approves has not seen it';
is found(seen($number)), 'accreditation_over', 'now he does';
like page($erlan, "/desk/$number"), qr/Аккредитация не действует.*KZ\.9.*отозвана/s, '... with the day';
like page($service, '/apply/repair'), qr/Аккредитация вашей организации сегодня не действует.*KZ\.9/s, 'and so does who begins another';

# ---- by file ----

my $b = Bulk->new($p, $service);
my $u = $b->send_whole(lines($header, map { row(imei(5000 + $_)) } 1 .. 3));
$number = file($service, 'manufacture', upload => $u->{id});
is found(checked($number)), 'not_accredited', 'a file: not for this kind';
act($number, 'claim', {});
is((act($number, 'decide', {approve => JSON::PP::true}))[1]{state}, 'deciding', 'an officer may approve what he has seen');
$u = Bulk->new($p, $maker)->send_whole(lines($header, map { row(imei(6000 + $_)) } 1 .. 3));
$number = file($maker, 'manufacture', upload => $u->{id});
is found(checked($number)), '', 'of a maker: nothing';
act($number, 'claim', {});
is $r->run('accreditation', 'revoke', $bin, 'KZ.1')->{code}, 0, 'revoked by command';
is((act($number, 'decide', {approve => JSON::PP::true}))[1]{reason}, 'ACCREDITATION', 'a file as well');
is found(seen($number)), 'accreditation_over', '... is told';
is((act($number, 'decide', {refusal => 'NOT_ACCREDITED'}))[1]{state}, 'refused', '... and refused');
is $r->run('accreditation', 'revoke', $bin, 'KZ.7')->{code}, 2, 'a certificate that is none, by command';

# ---- the log ----

Register::poll(5, sub { $r->run('audit', 'show')->{out} =~ /decide/ });
my @told = $r->run('audit', 'show')->{out} =~ /^.*\baccreditation\b.*$/mg;
is scalar @told, 6, 'each change is told: loaded, given, corrected, revoked twice, revoked by command';

ok $r->whole, 'the register is whole';
done_testing;
