"""A company whose file is wrong is told once, and told to be over when it is put right."""

from __future__ import annotations

from recs_platform.automation.looks.company_files import company_files
from recs_platform.companies.known_companies import BrokenCompany, Companies
from recs_platform_tests.automation.looks.shop import Shop

LOOKS = {"company files": company_files}


def test_a_broken_file_is_told_until_it_is_put_right(shop: Shop) -> None:
    broken = Companies({}, (BrokenCompany("acme", None, None, "acme.yaml: strategy is missing; jane.doe@example.com"),))
    for companies in (broken, broken, Companies({}), Companies({}), broken):
        shop.companies = companies
        shop.look(LOOKS)
    assert [told[1] for told in shop.told()] == ["error", "recovered", "error"]
    assert all("jane.doe" not in one.to_json() for one in shop.messages())
    assert "strategy is missing" in shop.messages()[0].told[0].finding.says
