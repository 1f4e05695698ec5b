#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# portal_sessions - where somebody is signed in: he sees his own sessions and ends them, one by one; who runs
# the register ends those of an account; a wrong password closes an account for the address that tried, not
# for its owner; a new password ends all. Each stands in the audit log, refusals by the hundred as a number.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use People;
use Register;
use Test::More;

my $r = Register->new;
my $dir = $r->{dir};
people_of($r);
authority('nca');
my ($iin, $iin2) = (person_number('8501013'), person_number('9006154'));
give('nca', 'aigul', "/CN=A/serialNumber=IIN$iin", 'person');
give('nca', 'bolat', "/CN=B/serialNumber=IIN$iin2", 'person');
staff('erlan', 'officer');
staff('root', 'admin');
$r->settings("[portal]\nopen = yes\neds_ca = $dir/nca.pem\n", "[serve]\ntrusted_proxies = 127.0.0.1\n",
    "[limits]\n", map { "${_}_rate = 0\n" } qw(address person public));
my $server = $r->serve;
people_server($server);
sub sessions { my ($who) = @_; return @{(ask('GET', '/api/v1/sessions', undef, $who))[1]{sessions} // []} }
sub is_in { my ($who) = @_; return (ask('GET', '/api/v1/me', undef, $who))[0] == 200 }
sub from { return ('X-Forwarded-For' => "192.0.2.$_[0]") }

# ---- one's own ----

my ($first, $second, $bolat) = (enter('aigul'), enter('aigul'), enter('bolat'));
my @hers = sessions($first);
is scalar @hers, 2, 'she sees where she is signed in';
is_deeply [sort keys %{$hers[0]}], [sort qw(session by role organisation signed_in_at last_used_at this)], 'since when, by what';
is scalar(grep { $_->{this} } @hers), 1, 'and which is this one';
is $hers[0]{by}, 'eds', 'by signature';
my ($other) = map { $_->{session} } grep { !$_->{this} } @hers;
my ($this) = map { $_->{session} } grep { $_->{this} } @hers;
ok index("$first->{token}$second->{token}", $other) < 0, 'what names a session opens none';
is((ask('POST', "/api/v1/sessions/$other/end", {}, $bolat))[0], 404, 'not another\'s');
is((ask('POST', "/api/v1/sessions/$_/end", {}, $first))[0], 404, "nor $_") for 'x', '0' x 32;
ok is_in($second), 'the other is open';
is((ask('POST', "/api/v1/sessions/$other/end", {}, {token => $first->{token}}))[1]{reason}, 'CSRF', 'not without the mark');
is_deeply((ask('POST', "/api/v1/sessions/$other/end", {}, $first))[1], {ended => 1}, 'she ends it');
ok !is_in($second), 'it is over';
ok is_in($first), 'this one is not';
my (undef, undef, $head) = ask('POST', "/api/v1/sessions/$this/end", {}, $first);
like $head, qr/^Set-Cookie: tamga=; .*Max-Age=0/mi, 'this one ends with its cookie';
ok !is_in($first), '... and is over';

# ---- of an account, by who runs the register ----

my @erlan = map { enter_staff('erlan') } 1 .. 2;
my $root = enter_staff('root');
is scalar @{(ask('GET', '/api/v1/accounts/erlan/sessions', undef, $root))[1]{sessions}}, 2, 'who runs the register sees an officer\'s';
is((sessions($erlan[0]))[0]{by}, 'password', 'by password');
is((ask('GET', '/api/v1/accounts/erlan/sessions', undef, $erlan[0]))[1]{reason}, 'ROLE', 'an officer does not');
is((ask('POST', '/api/v1/accounts/erlan/end-sessions', {}, $erlan[0]))[1]{reason}, 'ROLE', '... nor ends them so');
is((ask('POST', '/api/v1/accounts/nobody/end-sessions', {}, $root))[0], 404, 'nobody by this name');
is_deeply((ask('POST', '/api/v1/accounts/erlan/end-sessions', {}, $root))[1], {ended => 2}, 'ended');
ok !is_in($_), 'over' for @erlan;
ok is_in($root), 'his own is not';

# ---- closed for the address that tried ----

sub try { my ($n, $password, $code) = @_; return (ask('POST', '/api/v1/sign-in/password', {name => 'erlan', password => $password, code => $code // '000000'}, undef, from($n)))[0] }
is try(9, 'wrong'), 401, 'a wrong password' for 1 .. 5;
my $code = fresh_code('erlan');
is try(9, password_of('erlan'), $code), 401, 'closed there, whoever comes';
is try(7, password_of('erlan'), $code), 200, 'and open elsewhere';

# ---- a new password ends all ----

my $erlan = enter_staff('erlan', from(7));
ok is_in($erlan), 'in again';
$r->actor('root');
staff('erlan', 'officer');
$r->actor(undef);
ok !is_in($erlan), 'a new password ends all';
is try(9, 'wrong'), 401, "knock $_" for 1 .. 3;
ask('POST', '/api/v1/sign-in/password', {name => "nobody$_", password => 'x', code => '1'}, undef, from($_)) for 1 .. 60;

# ---- what the audit log tells ----

is((ask('POST', '/api/v1/sign-out', {}, $bolat))[0], 200, 'signed out');
Register::stop($server->{pid});
my $audit = $r->run('--json', 'audit', 'show');
is $audit->{code}, 0, 'the audit log is a chain' or diag $audit->{err};
my (%told, @changed, $knocks);
for (map { Register::json($_) } split /\n/, $audit->{out}) {
    $told{"$_->{what} $_->{outcome}"}++;
    push @changed, $_ if "$_->{what} $_->{outcome}" eq 'account OK';
    $knocks += $_->{object} if $_->{what} eq 'knocks';
}
is $told{'sign_out OK'}, 1, 'signing out';
is $told{'session_end OK'}, 3, 'sessions that were ended';
is $told{'account OK'}, 3, 'passwords that were set';
is $told{'account PASSWORD'}, 1, 'an account that closed';
ok $changed[-1]{actor}, 'and who did it';
ok $told{'sign_in PASSWORD'} < 60, 'refusals one by one, to a measure';
is $told{'sign_in PASSWORD'} + $knocks, 5 + 1 + 3 + 60, '... beyond it as a number';
ok $r->whole, 'the register is whole';
done_testing;
