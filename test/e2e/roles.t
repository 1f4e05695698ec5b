#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# roles - deploy/postgresql/roles.sql: each role can do its work with the real program, and no more.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $r = Register->new(now => '2026-03-01T07:00:00Z', backend => 'postgres');
is $r->run('demo', 'create')->{code}, 0, 'a register of its owner';
is $r->run('user', 'add', 'aigul')->{code}, 0, 'with an account';
my $db = $r->{database};
for my $again (1, 2) {
    is system('psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-d', "$ENV{TAMGA_TEST_POSTGRES}/$db", '-f',
        'deploy/postgresql/roles.sql'), 0, "roles.sql, time $again";
}
my %as;
for my $role ('serve', 'bulk', 'sweep', 'admin', 'auditor') {
    my $login = "${db}_$role";
    Register::psql('postgres', "CREATE ROLE $login LOGIN PASSWORD 'x' IN ROLE tamga_$role");
    my $one = Register->new(now => $r->{now}, backend => 'sqlite');
    (my $server = $ENV{TAMGA_TEST_POSTGRES}) =~ s{//([^/]*@)?}{//$login:x@};
    @$one{qw(url key backend)} = ("$server/$db", $r->{key}, 'postgres');
    $as{$role} = $one;
}
END {
    my $code = $?;
    eval { $r->disconnect; Register::psql($db, "DROP OWNED BY ${db}_$_"); Register::psql('postgres', "DROP ROLE ${db}_$_") }
      for sort keys %as;
    $? = $code;
}

my $imei = imei(900);

# What each may: words, and who gets through (exit 0; 1 is an answer, too).
my @deeds = (
    ['check', ['check', $imei], 'serve bulk sweep admin auditor'],
    ['journal verify', ['journal', 'verify'], 'serve bulk sweep admin auditor'],
    ['db check', ['db', 'check'], 'auditor admin'],
    ['snapshot', ['snapshot', 'write', $r->path('snap')], 'serve admin auditor'],
    ['import', ['import', 'amnesty', 'LIST'], 'bulk admin'],
    ['feed', ['feed', 'load', '--operator', 'altel', 'FEED'], 'bulk admin'],
    ['clones', ['clones', '--all'], 'bulk admin'],
    ['exceptions', ['--settings', 'SETTINGS', 'lists', '--operator', 'altel', '--list', 'exceptions', '--out', 'OUT'], 'bulk admin'],
    ['expiry hold', ['--actor', 'aigul', 'expiry', 'hold', '--operator', 'altel', '--reason', 'ROLE'], 'bulk admin'],
    ['retention', ['retention'], 'bulk admin'],
    ['suspend', ['suspend', '--mark', 'stolen', '--by', 'BODY', '--order', 1, $imei], 'bulk admin'],
    ['sweep', ['sweep'], 'sweep bulk admin'],
    ['notices set', ['notices', 'set', '--site', 'imei.example.kz'], 'bulk admin'],
    ['notices channel', ['notices', 'channel', '--operator', 'altel', '--road', 'file'], 'bulk admin'],
    ['notices due', ['notices', 'due'], 'bulk admin'],
    ['notices list', ['lists', '--operator', 'altel', '--list', 'notify', '--out', 'OUT'], 'bulk admin'],
    ['notices send', ['notices', 'send'], 'bulk admin'],
    ['notices status', ['notices', 'status'], 'serve bulk sweep admin auditor'], # of whom it says nothing to whoever may not look
    ['key', ['user', 'key', 'create', '--name', 'n', '--scope', 'check'], 'admin'],
    ['keys', ['user', 'key', 'list'], 'serve admin auditor'],
    ['export', ['--actor', 'aigul', 'export', '--imei', $imei, '--order', 1, '--out', 'FRESH'], 'admin'],
);
for my $deed (@deeds) {
    my ($name, $words, $who) = @$deed;
    for my $role (sort keys %as) {
        my $may = " $who " =~ / $role /;
        my $list = $r->file("$role.txt", map { imei($_, 35750000 + ord(substr $role, 1)) . "\n" } 1 .. 100);
        my $feed = $r->file("$role.csv", "date,imei,imsi,msisdn,rat\n", map { '2026-03-01,' . imei($_, 35750000 + ord(substr $role, 1)) . ",40101000000000$_,,006\n" } 1 .. 5);
        my $got = $as{$role}->run(map { $_ eq 'LIST' ? $list : $_ eq 'FEED' ? $feed : $_ eq 'BODY' ? "police of $role" : $_ eq 'OUT' ? $r->path("$role.lists") : $_ eq 'SETTINGS' ? $r->file('altel.ini', "[operator altel]\nplmn = 40101\n") : $_ eq 'ROLE' ? "for $role" : $_ eq 'FRESH' ? $r->path("$role.json") : $_ } @$words);
        next if !$may && $name =~ /^(sweep|db check|snapshot|keys|notices due|notices send|clones|retention|exceptions)$/ && $got->{code} < 2; # harmless where it works
        next if !$may && $name eq 'notices list' && $got->{err} =~ /NOT_FOUND/; # it sees no channel
        ok $may ? $got->{code} < 2 : $got->{code} == 4, ($may ? "$role: $name" : "$role: no $name")
          or diag "exit $got->{code}: $got->{err}";
        like $got->{err}, qr/permission denied|opened for reading|row-level security/, 'and says why' if !$may;
    }
}

# Roles that were made by an earlier version may not ask which batches are open: a snapshot comes out of the journal.
Register::psql($db, 'REVOKE SELECT ON tamga.batch FROM tamga_serve');
my $slow = $as{serve}->run('--json', 'snapshot', 'write', $r->path('slow'));
is $slow->{code}, 0, 'serve of an earlier version: snapshot' or diag $slow->{err};
is json($slow->{out})->{imeis}, json($r->run('--json', 'snapshot', 'write', $r->path('quick'))->{out})->{imeis}, 'with as much in it';
Register::psql($db, 'GRANT SELECT ON tamga.batch TO tamga_serve');
my $server = $as{serve}->serve('--answer-only');
is +(Register::http($server, 'GET', "/api/v1/check/$imei"))[0], 200, 'serve: a server that only answers';
is Register::stop($server->{pid}), 0, 'a clean end';

# Past the program: nobody touches what is written.
for my $role (sort keys %as) {
    (my $server = $as{$role}{url}) =~ s{/[^/]*$}{};
    for my $sql ('UPDATE journal_block SET body = prev_hash', 'DELETE FROM journal_block', 'TRUNCATE journal_block',
        'DELETE FROM facts', 'DROP TABLE note', 'DELETE FROM note', 'UPDATE note SET seq = 0') {
        my $out = `psql -qtAX -d '$server/$db?options=-csearch_path%3Dtamga' -c '$sql' 2>&1`;
        like $out, qr/permission denied|must be owner/, "$role: no $sql";
    }
}
for my $role (qw(serve bulk sweep)) { # an account is 'A': not theirs
    (my $server = $as{$role}{url}) =~ s{/[^/]*$}{};
    my $out = `psql -qtAX -d '$server/$db?options=-csearch_path%3Dtamga' -c "INSERT INTO record VALUES ('\\x41', '\\x00')" 2>&1`;
    like $out, qr/permission denied|row-level security/, "$role: no record of people";
}
for my $sql ('UPDATE record SET value = value', 'DELETE FROM record') { # the audit log, 'L': added to, never changed
    (my $server = $as{bulk}{url}) =~ s{/[^/]*$}{};
    my $out = `psql -qtAX -d '$server/$db?options=-csearch_path%3Dtamga' -c "WITH w AS ($sql WHERE substr(key, 1, 1) = '\\x4c' RETURNING 1) SELECT count(*) FROM w" 2>&1`;
    like $out, qr/^0$/m, "bulk: no $sql of the audit log";
}
is +($r->run('audit', 'show'))->{code}, 0, 'the audit log is whole';
ok $r->whole, 'the register is whole';
done_testing;
