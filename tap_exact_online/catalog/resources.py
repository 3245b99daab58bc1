"""The table of streams: one line for each, saying only what differs from the default.

To read an endpoint that is not here, add its facts with `scripts/write_edm.py` and one line to the table.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from tap_exact_online import edm
from tap_exact_online.catalog.filed import FILED
from tap_exact_online.catalog.own import READS


class Kind(enum.Enum):
    """The ways a stream can be read; which one applies follows from the endpoint."""

    DIVISIONS = "the list of divisions that every run reads anyway"
    SYNC = "incremental on the row version `Timestamp`"
    MODIFIED = "incremental on `Modified`"
    FULL = "read whole at every run"
    FILES = "the files that rows of a Sync endpoint name, incremental on these rows"
    OWN = "made by the tap itself"


@dataclass(frozen=True, slots=True)
class Resource:
    """One stream and the endpoint behind it.

    Attributes:
        name: The stream's name.
        path: The endpoint's path behind `/api/v1/{division}/`; its facts are in `edm/` under the same path. Empty for a stream
            that the tap makes itself.
        key: The property that identifies a row within a division for as long as it lives.
        deleted_type: The `EntityType` of its rows in `sync/Deleted`.
        selected: Whether the stream is selected by default.
    """

    name: str
    path: str
    key: str = "ID"
    deleted_type: int | None = None
    selected: bool = False

    @property
    def endpoint(self) -> edm.Endpoint:
        """The facts about the endpoint; of one whose rows name files, only what is asked of it."""
        if self.name in FILED:
            return _naming(self)
        return edm.load(self.path) if self.path else edm.Endpoint("", self.key)

    @property
    def kind(self) -> Kind:
        """How the stream is read."""
        if not self.path:
            return Kind.OWN
        if self.name in FILED:
            return Kind.FILES
        if self.path == "system/Divisions":
            return Kind.DIVISIONS
        if self.path.startswith("sync/"):
            return Kind.SYNC
        return Kind.MODIFIED if "Modified" in self.endpoint.properties else Kind.FULL

    @property
    def replication_key(self) -> str | None:
        """The property whose highest value is the bookmark, or None for a stream that is read whole."""
        keys = {Kind.SYNC: "Timestamp", Kind.FILES: "Timestamp", Kind.MODIFIED: "Modified"}
        return keys.get(self.kind)

    @property
    def primary_keys(self) -> tuple[str, ...]:
        """The columns that identify a row in the target."""
        if self.kind is Kind.DIVISIONS:
            return ("Code",)
        return (self.key, "Division") if self.kind is Kind.OWN else ("Division", self.key)


@cache
def _naming(resource: Resource) -> edm.Endpoint:
    """Return an endpoint with the properties that name a file."""
    facts, filed = edm.load(resource.path), FILED[resource.name]
    names = {resource.key, "Timestamp", filed.url, *filed.fields}
    return replace(facts, properties={name: fact for name, fact in facts.properties.items() if name in names})


RESOURCES: tuple[Resource, ...] = (
    # Organisation
    Resource("divisions", "system/Divisions", key="Code", selected=True),
    Resource("deleted", "sync/Deleted", selected=True),
    # Ledger
    Resource("transaction_lines", "sync/Financial/TransactionLines", deleted_type=1, selected=True),
    Resource("gl_accounts", "sync/Financial/GLAccounts", deleted_type=7, selected=True),
    Resource("gl_classifications", "sync/Financial/GLClassifications", deleted_type=18, selected=True),
    Resource("gl_account_classification_mappings", "financial/GLAccountClassificationMappings"),
    Resource("gl_schemes", "financial/GLSchemes"),
    Resource("financial_periods", "financial/FinancialPeriods", selected=True),
    Resource("journals", "financial/Journals", selected=True),
    Resource("vat_codes", "vat/VATCodes", selected=True),
    Resource("cost_centers", "hrm/Costcenters", selected=True),
    Resource("cost_units", "hrm/Costunits", selected=True),
    Resource("reporting_balance", "financial/ReportingBalance"),
    Resource("budgets", "budget/Budgets"),
    Resource("currencies", "general/Currencies", key="Code"),
    Resource("exchange_rates", "financial/ExchangeRates"),
    # Entries
    Resource("sales_entries", "sync/Financial/SalesEntries"),
    Resource("sales_entry_lines", "salesentry/SalesEntryLines"),
    Resource("purchase_entries", "sync/Financial/PurchaseEntries"),
    Resource("purchase_entry_lines", "purchaseentry/PurchaseEntryLines"),
    Resource("bank_entry_lines", "financialtransaction/BankEntryLines"),
    Resource("cash_entry_lines", "financialtransaction/CashEntryLines"),
    # Cash flow
    Resource("payment_terms", "sync/Cashflow/PaymentTerms", deleted_type=10, selected=True),
    Resource("payment_conditions", "cashflow/PaymentConditions"),
    Resource("payments", "bulk/Cashflow/Payments"),
    Resource("receivables", "bulk/Cashflow/Receivables"),
    Resource("payables_list", "read/financial/PayablesList", key="HID"),
    Resource("receivables_list", "read/financial/ReceivablesList", key="HID"),
    Resource("banks", "cashflow/Banks"),
    # Relations
    Resource("accounts", "sync/CRM/Accounts", deleted_type=2, selected=True),
    Resource("addresses", "sync/CRM/Addresses", deleted_type=3),
    Resource("contacts", "sync/CRM/Contacts", deleted_type=5),
    Resource("bank_accounts", "crm/BankAccounts"),
    # Documents
    Resource("documents", "sync/Documents/Documents", deleted_type=6, selected=True),
    Resource("document_attachments", "sync/Documents/DocumentAttachments", deleted_type=4, selected=True),
    # Quotations, orders, invoices, deliveries
    Resource("quotation_headers", "sync/CRM/QuotationHeaders", deleted_type=34),
    Resource("quotation_lines", "sync/CRM/QuotationLines", deleted_type=35),
    Resource("sales_order_headers", "sync/SalesOrder/SalesOrderHeaders", deleted_type=32),
    Resource("sales_order_lines", "sync/SalesOrder/SalesOrderLines", deleted_type=33),
    Resource("sales_invoices", "sync/SalesInvoice/SalesInvoices", deleted_type=13),
    Resource("goods_deliveries", "sync/SalesOrder/GoodsDeliveries", key="EntryID", deleted_type=16),
    Resource("goods_delivery_lines", "sync/SalesOrder/GoodsDeliveryLines", deleted_type=17),
    Resource("purchase_orders", "sync/PurchaseOrder/PurchaseOrders", deleted_type=22),
    Resource("subscriptions", "sync/Subscription/Subscriptions", key="EntryID", deleted_type=23),
    Resource("subscription_lines", "sync/Subscription/SubscriptionLines", deleted_type=24),
    # Items and prices
    Resource("items", "sync/Logistics/Items", deleted_type=9),
    Resource("item_groups", "logistics/ItemGroups"),
    Resource("units", "logistics/Units"),
    Resource("supplier_items", "sync/Logistics/SupplierItem", deleted_type=30),
    Resource("purchase_item_prices", "sync/Logistics/PurchaseItemPrices", deleted_type=8),
    Resource("sales_item_prices", "sync/Logistics/SalesItemPrices", deleted_type=8),
    Resource(
        "sales_price_list_volume_discounts", "sync/Sales/SalesPriceListVolumeDiscounts", deleted_type=31
    ),
    # Stock
    Resource("warehouses", "inventory/Warehouses"),
    Resource("item_warehouses", "sync/Inventory/ItemWarehouses", deleted_type=19),
    Resource("item_storage_locations", "sync/Inventory/ItemStorageLocations", deleted_type=41),
    Resource("stock_positions", "sync/Inventory/StockPositions", deleted_type=15),
    Resource(
        "storage_location_stock_positions", "sync/Inventory/StorageLocationStockPositions", deleted_type=20
    ),
    Resource("serial_batch_numbers", "sync/Inventory/SerialBatchNumbers", deleted_type=28),
    Resource("stock_serial_batch_numbers", "sync/Inventory/StockSerialBatchNumbers", deleted_type=29),
    # Manufacturing
    Resource("bill_of_material_versions", "sync/Manufacturing/BillOfMaterialVersions", deleted_type=55),
    Resource("bill_of_material_materials", "sync/Manufacturing/BillOfMaterialMaterials", deleted_type=54),
    Resource(
        "material_issues", "sync/Manufacturing/MaterialIssues", key="StockTransactionId", deleted_type=53
    ),
    Resource("shop_orders", "sync/Manufacturing/ShopOrders", deleted_type=36),
    Resource("shop_order_material_plans", "sync/Manufacturing/ShopOrderMaterialPlans", deleted_type=37),
    Resource("shop_order_purchase_planning", "sync/Manufacturing/ShopOrderPurchasePlanning", deleted_type=50),
    Resource(
        "shop_order_routing_step_plans", "sync/Manufacturing/ShopOrderRoutingStepPlans", deleted_type=38
    ),
    Resource("shop_order_sub_orders", "sync/Manufacturing/ShopOrderSubOrders", deleted_type=51),
    # Projects
    Resource("projects", "sync/Project/Projects", deleted_type=21),
    Resource("project_planning", "sync/Project/ProjectPlanning", deleted_type=26),
    Resource("project_wbs", "sync/Project/ProjectWBS", deleted_type=25),
    Resource("time_cost_transactions", "sync/Project/TimeCostTransactions", deleted_type=14),
    # Assets
    Resource("assets", "assets/Assets"),
    Resource("asset_groups", "assets/AssetGroups"),
    # People
    Resource("departments", "hrm/Departments"),
    Resource("employees", "sync/Payroll/Employees", deleted_type=42),
    Resource("employments", "sync/Payroll/Employments", deleted_type=43),
    Resource("employment_contracts", "sync/Payroll/EmploymentContracts", deleted_type=44),
    Resource("employment_organizations", "sync/Payroll/EmploymentOrganizations", deleted_type=45),
    Resource("employment_clas", "sync/Payroll/EmploymentCLAs", deleted_type=46),
    Resource("employment_salaries", "sync/Payroll/EmploymentSalaries", deleted_type=47),
    Resource(
        "employment_tax_authorities_general", "sync/Payroll/EmploymentTaxAuthoritiesGeneral", deleted_type=49
    ),
    Resource("payroll_bank_accounts", "sync/Payroll/BankAccounts", deleted_type=48),
    Resource("schedules", "sync/HRM/Schedules", deleted_type=39),
    Resource("schedule_entries", "sync/HRM/ScheduleEntries", deleted_type=40),
    Resource("leave_registrations", "sync/HRM/LeaveRegistrations", deleted_type=56),
    Resource("leave_build_up_registrations", "sync/HRM/LeaveBuildUpRegistrations", deleted_type=57),
    Resource("leave_absence_hours_by_day", "sync/HRM/LeaveAbsenceHoursByDay", deleted_type=27),
    Resource("absence_registrations", "sync/HRM/AbsenceRegistrations", deleted_type=59),
    Resource(
        "absence_registration_transactions", "sync/HRM/AbsenceRegistrationTransactions", deleted_type=58
    ),
)

OWN: tuple[Resource, ...] = (Resource(READS, "", key="Stream", selected=True),)
"""The streams that the tap makes itself."""

FILES: tuple[Resource, ...] = (
    Resource("document_attachment_files", "sync/Documents/DocumentAttachments"),
    Resource("item_pictures", "sync/Logistics/Items"),
)
"""The streams of files that rows name; what each goes by is in `filed.py`."""

STREAMS: tuple[Resource, ...] = (*RESOURCES, *FILES, *OWN)
"""All streams."""

BY_NAME: Mapping[str, Resource] = {resource.name: resource for resource in STREAMS}


def stream_of_deleted(entity_type: int | None) -> str | None:
    """Return the stream whose rows a deleted-log number stands for.

    None where the number is unknown, and for 8: sales and purchase prices share it, so the log alone cannot tell.
    """
    names = [resource.name for resource in RESOURCES if resource.deleted_type == entity_type is not None]
    return names[0] if len(names) == 1 else None
