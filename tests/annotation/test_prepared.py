"""The queue's queries: what stands in them, and that PostgreSQL plans them once."""

import pytest
from django.db import IntegrityError, connection

from annotation.claim import claim
from annotation.models import Seat
from annotation.queue.prepared import PROJECT, USER, cursor, literal, prepare, spelt_out

on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own prepared statements")


def test_constants_are_written_out_and_stand_ins_stay(db):
    sql, stand_ins = spelt_out("SELECT %s, %s, %s, '50%%'", ["it's 100%", PROJECT.pk, 7])
    assert (sql, stand_ins) == ("SELECT 'it''s 100%%', %s, 7, '50%%'", (PROJECT.pk,))
    assert [literal(value) for value in (True, None, 0)] == ["TRUE", "NULL", "0"]


def test_a_partial_index_finds_its_condition_in_the_sql(db):
    asked = prepare(Seat.objects.held_by(USER).filter(project=PROJECT).values_list("pk"))
    assert "'open'" in asked.sql
    assert {*asked.stand_ins} == {USER.pk, PROJECT.pk}


def test_a_value_without_a_place_is_refused(cast):
    asked = prepare(Seat.objects.filter(project=PROJECT).values_list("pk"))
    with pytest.raises(ValueError, match="not all among"):
        asked.rows({PROJECT.pk: cast.project.pk, USER.pk: cast.ada.pk})


def test_what_the_database_refuses_is_djangos_error(cast):
    item = cast.item()
    with pytest.raises(IntegrityError), cursor() as asked:
        asked.execute(
            "INSERT INTO annotation_seat (project_id, item_id, position, status, purpose)"
            " VALUES (%s, %s, 0, 'open', 'work')",
            [cast.project.pk, item.pk],
        )


@on_postgresql
@pytest.mark.parametrize("keeps", [True, False])
def test_postgresql_plans_a_claim_once_for_whatever_values(cast, settings, keeps):
    settings.PREPARED_STATEMENTS = keeps
    with connection.cursor() as plain:
        plain.execute("DEALLOCATE ALL")
    connection.connection._prepared.clear()
    for person in (cast.ada, cast.bo):
        for _ in range(3):
            cast.item()
        claim(cast.project, person, want=3)
    with connection.cursor() as plain:
        plain.execute("SELECT COUNT(*), SUM(custom_plans), SUM(generic_plans) FROM pg_prepared_statements")
        kept, custom, generic = plain.fetchone()
    if keeps:
        assert kept > 0
        assert (custom, generic > kept) == (0, True)
    else:
        assert kept == 0
