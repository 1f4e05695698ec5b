#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# pitr - back to a moment (doc/postgresql.md): a base backup and the archived WAL bring the register back as it
# was before a mistake, and it proves whole.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Register;
use Test::More;

my $dir = Register::cluster_dir();
mkdir "$dir/wal";
chmod 0777, "$dir/wal";

sub postgres { my ($command, @rest) = @_; return Register::cluster($dir, $command, @rest) }

my $url = postgres('start', 'live', 'archive_mode=on', "archive_command=test ! -f $dir/wal/%f && cp %p $dir/wal/%f",
    'wal_level=replica');
Register::psql('postgres', 'CREATE DATABASE tamga', $url);
my $r = Register->new;
$r->{url} = "$url/tamga";
$r->{key} = $r->path('tamga.key');
my $list = $r->file('list.txt', map { imei($_) . "\n" } 1 .. 5000);
is $r->run('import', 'amnesty', $list)->{code}, 0, 'a register';

# The base backup, as postgres.sh makes a standby's; then life goes on.
my $base = postgres('standby', 'then', "$dir/live", 'then');
postgres('stop', 'then');
my @police = ('--mark', 'stolen', '--by', 'police', '--order', 1);
is $r->run('suspend', @police, imei(1))->{code}, 0, 'a write after the base backup';
my $head = json($r->run('--json', 'journal', 'verify')->{out})->{head};
Register::psql('postgres', "SELECT pg_create_restore_point('before the mistake')", $url);
is $r->run('suspend', @police, map { imei($_) } 2 .. 500)->{code}, 0, 'the mistake: five hundred phones';
Register::psql('postgres', 'SELECT pg_switch_wal()', $url);
ok poll(20, sub { Register::psql('postgres', 'SELECT count(*) FROM pg_stat_archiver WHERE '
          . "last_archived_wal >= pg_walfile_name(pg_switch_wal())", $url); (() = glob "$dir/wal/*") >= 2 }), 'WAL is archived';
postgres('stop', 'live');

# Back to the moment.
unlink "$dir/then/data/standby.signal";
spew("$dir/then/data/recovery.signal", '');
my $conf = "$dir/then/data/test.conf";
spew($conf, slurp($conf), lines("restore_command = 'cp $dir/wal/%f %p'", "recovery_target_name = 'before the mistake'",
        "recovery_target_action = 'promote'", "primary_conninfo = ''"));
$r->{url} = postgres('again', 'then') . '/tamga';
ok poll(20, sub { Register::psql('postgres', 'SELECT pg_is_in_recovery()', $r->{url} =~ s{/tamga$}{}r) eq 'f' }), 'recovered';
is_deeply [$r->lists(imei(1), imei(2))], ['black STOLEN', 'white AMNESTY'], 'what was before stands, the mistake does not';
my $whole = $r->whole;
ok $whole, 'the register is whole';
is json($r->run('--json', 'journal', 'verify', '--against', $head)->{out})->{head}, $head, 'and ends where it ended then';
is $r->run('suspend', @police, imei(3))->{code}, 0, 'it goes on from there';
done_testing;
